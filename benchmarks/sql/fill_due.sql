-- $1 uploads whose URLs are dead and of which nothing was ever heard, each due to be looked up since a time of its own.
INSERT INTO objects (object_key, document_id, user_id, requested_at, expires_at, look_at)
SELECT
    made.user_id || '/' || made.document_id || '/' || gen_random_uuid() || '.pdf',
    made.document_id,
    made.user_id,
    made.due_at - interval '1 hour',
    made.due_at - interval '15 minutes',
    made.due_at
FROM (
    SELECT
        gen_random_uuid() AS user_id,
        gen_random_uuid() AS document_id,
        now() - interval '1 minute' - number * interval '1 ms' AS due_at
    FROM generate_series(1, $1::int) AS number
    OFFSET 0
) AS made
