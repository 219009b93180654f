-- Makes a live document its owner's tombstone, with its event ($3 to $6), and wakes who waits for it on any replica.
-- One row where it was live, none otherwise: of two deletes at once only one says so. Of uploads in parts that are aborted
-- ($7) only one whose parts are still coming: what is uploaded meanwhile stays.
WITH gone AS (
    UPDATE documents
    SET status = 'deleted',
        reason = 'document_deleted',
        size_bytes = 0,
        etag = NULL,
        verdict_status = NULL,
        verdict_version = NULL,
        verdict_at = NULL,
        verdict_reason = NULL,
        topics = '[]',
        steps = '[]',
        updated_at = clock_timestamp(),
        told_at = clock_timestamp()
    WHERE id = $1
      AND user_id = $2
      AND CASE WHEN $7::boolean THEN status = 'pending' AND multipart ELSE status NOT IN ('rejected', 'deleted') END
    RETURNING id
),
said AS (
    INSERT INTO outbox (topic, key, value, headers)
    SELECT $3::text, $4::bytea, $5::bytea, $6::json FROM gone
)
SELECT pg_notify('documents', gone.id::text) FROM gone
