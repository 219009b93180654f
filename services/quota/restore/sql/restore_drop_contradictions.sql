-- Two decisions under one version: a ledger went on from the backup before its history was brought back. Neither counts.
DELETE FROM restoring
WHERE (object_key, version) IN (
    SELECT object_key, version
    FROM restoring
    GROUP BY object_key, version
    HAVING count(DISTINCT (state, size_bytes, rejected_bytes, released_bytes, etag, reason, decided_at)) > 1
)
