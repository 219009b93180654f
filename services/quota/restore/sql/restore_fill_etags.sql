-- A release keeps the etag of the bytes that were seen last, which its event does not tell: those of the row before.
UPDATE restoring AS release
SET etag = coalesce(
    (
        SELECT before.etag
        FROM restoring AS before
        WHERE before.object_key = release.object_key AND before.version = release.version - 1
    ),
    (
        SELECT held.etag
        FROM reservations AS held
        WHERE held.document_id = release.document_id AND held.object_key = release.object_key
    )
)
WHERE release.state = 'released'
