-- Documents whose bytes come in parts, tombstones too, but for those so old that the store itself has removed their parts.
-- Their age counts from their end.
SELECT
    object_key AS key,
    id::text AS document_id,
    status,
    size_bytes,
    etag,
    extract(EPOCH FROM now() - expires_at)::float8 AS age_seconds
FROM upload.documents
WHERE multipart
  AND expires_at > now() - interval '9 days'
