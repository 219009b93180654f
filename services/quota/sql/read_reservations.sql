-- The rows of a batch's documents ($1), and so of its object keys: a key belongs to one document, and nearly always a
-- document has one key. Read after their accounts are locked, so that they hold still. One look into the index for each
-- document, whatever the planner believes of the table's size: a plan that was made while the table was new, and kept,
-- would read all of it for each batch (OFFSET 0 keeps the inner query as it is).
SELECT held.*
FROM unnest($1::uuid[]) AS wanted (document_id)
CROSS JOIN LATERAL (
    SELECT
        object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
        reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
    FROM reservations
    WHERE reservations.document_id = wanted.document_id
    OFFSET 0
) AS held
