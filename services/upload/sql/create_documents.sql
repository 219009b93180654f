-- Pending documents and their events ($11 to $14), all or none, in one statement; one array a column.
WITH wanted AS (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
        $8::timestamptz[], $9::bigint[], $10::boolean[], $11::text[], $12::bytea[], $13::bytea[], $14::text[]
    ) AS w (
        id, user_id, object_key, filename, content_type, created_at, updated_at,
        expires_at, declared_bytes, multipart, topic, key, value, headers
    )
),
made AS (
    INSERT INTO documents (
        id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, declared_bytes, multipart
    )
    SELECT
        id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, declared_bytes, multipart
    FROM wanted
)
INSERT INTO outbox (topic, key, value, headers)
SELECT topic, key, value, headers::json FROM wanted
