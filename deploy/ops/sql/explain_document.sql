-- The document whose own object key this is.
-- $1 uuid document, $2 text key
SELECT
    id::text AS id, user_id::text AS user_id, object_key, filename, content_type, created_at, updated_at, expires_at,
    status, size_bytes, etag, reason, version
FROM upload.documents
WHERE id = $1 AND object_key = $2
