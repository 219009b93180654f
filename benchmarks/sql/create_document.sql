-- A floor: a pending document and its event ($9 to $12), both or neither, a statement each.
WITH document AS (
    INSERT INTO documents (id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    RETURNING id
)
INSERT INTO outbox (topic, key, value, headers)
SELECT $9::text, $10::bytea, $11::bytea, $12::json FROM document
