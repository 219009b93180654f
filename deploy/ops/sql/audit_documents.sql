-- All documents, tombstones too, by key.
SELECT
    object_key COLLATE "C" AS key,
    id::text AS document_id,
    status,
    size_bytes,
    etag,
    extract(EPOCH FROM now() - CASE WHEN multipart THEN expires_at ELSE created_at END)::float8 AS age_seconds,
    reason,
    version::integer AS version,
    updated_at AS changed_at,
    verdict_at,
    CASE WHEN verdict_at IS NOT NULL THEN md5(topics::text) END AS topics
FROM upload.documents
ORDER BY object_key COLLATE "C"
