-- Pending documents and their events ($11 to $14), all or none, in one statement; one array a column. Where there is a key
-- ($16) they are made if nobody has the user's ($15) yet, which is theirs then, with the fingerprint of the request ($17)
-- and its answer ($18). Who comes while somebody else is at it waits for them, and makes nothing if they did. Whether they
-- were made.
WITH claimed AS (
    INSERT INTO idempotency_keys (user_id, key, fingerprint, answer)
    SELECT $15::uuid, $16::text, $17::bytea, $18::jsonb
    WHERE $16::text IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING user_id
),
wanted AS (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
        $8::timestamptz[], $9::bigint[], $10::boolean[], $11::text[], $12::bytea[], $13::bytea[], $14::text[]
    ) AS w (
        id, user_id, object_key, filename, content_type, created_at, updated_at,
        expires_at, declared_bytes, multipart, topic, key, value, headers
    )
    WHERE $16::text IS NULL OR EXISTS (SELECT FROM claimed)
),
made AS (
    INSERT INTO documents (
        id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, declared_bytes, multipart
    )
    SELECT
        id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, declared_bytes, multipart
    FROM wanted
),
said AS (
    INSERT INTO outbox (topic, key, value, headers)
    SELECT topic, key, value, headers::json FROM wanted
)
SELECT $16::text IS NULL OR EXISTS (SELECT FROM claimed)
