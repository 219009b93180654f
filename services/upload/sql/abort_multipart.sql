-- Makes a document whose parts are still coming its owner's tombstone, with its event ($3 to $6), as delete_document.sql
-- does; one that is uploaded meanwhile stays. One row where it was pending, none otherwise.
WITH gone AS (
    UPDATE documents
    SET status = 'deleted',
        reason = 'document_deleted',
        verdict_status = NULL,
        verdict_version = NULL,
        verdict_at = NULL,
        verdict_reason = NULL,
        topics = '[]',
        steps = '[]',
        updated_at = clock_timestamp(),
        told_at = clock_timestamp()
    WHERE id = $1 AND user_id = $2 AND status = 'pending' AND multipart
    RETURNING id
),
said AS (
    INSERT INTO outbox (topic, key, value, headers)
    SELECT $3::text, $4::bytea, $5::bytea, $6::json FROM gone
)
SELECT pg_notify('documents', gone.id::text) FROM gone
