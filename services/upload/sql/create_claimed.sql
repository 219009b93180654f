-- As create_documents, where nobody has the user's ($14) key ($15) yet, which is theirs then, with the fingerprint of the
-- request ($16) and its answer ($17). Who comes while somebody else is at it waits for them, and makes nothing if they did.
-- Whether the key was free.
WITH claimed AS (
    INSERT INTO idempotency_keys (user_id, key, fingerprint, answer)
    VALUES ($14::uuid, $15::text, $16::bytea, $17::jsonb)
    ON CONFLICT DO NOTHING
    RETURNING user_id
),
wanted AS (
    SELECT w.*
    FROM claimed, unnest(
        $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
        $8::timestamptz[], $9::bigint[], $10::text[], $11::bytea[], $12::bytea[], $13::text[]
    ) AS w (
        id, user_id, object_key, filename, content_type, created_at, updated_at,
        expires_at, declared_bytes, topic, key, value, headers
    )
),
made AS (
    INSERT INTO documents (
        id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, declared_bytes
    )
    SELECT id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, declared_bytes
    FROM wanted
),
said AS (
    INSERT INTO outbox (topic, key, value, headers)
    SELECT topic, key, value, headers::json FROM wanted
)
SELECT EXISTS (SELECT FROM claimed)
