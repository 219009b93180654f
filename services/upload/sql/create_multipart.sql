-- A pending document whose bytes come in parts, and its event ($9 to $12), in one statement.
WITH made AS (
    INSERT INTO documents (
        id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, multipart
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true)
)
INSERT INTO outbox (topic, key, value, headers)
VALUES ($9, $10, $11, $12::text::json)
