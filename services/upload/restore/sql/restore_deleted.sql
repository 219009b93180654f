-- Makes documents their owners' tombstones, as sql/delete_document.sql does, also those that are not there; one array a
-- column. The event has been said already. What was refused stays refused.
INSERT INTO documents (
    id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, multipart, status, reason
)
SELECT
    id, user_id, object_key, filename, content_type, created_at, created_at, expires_at, multipart,
    'deleted', 'document_deleted'
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
    $8::boolean[]) AS lost (id, user_id, object_key, filename, content_type, created_at, expires_at, multipart)
ON CONFLICT (id) DO UPDATE
SET status = 'deleted',
    reason = 'document_deleted',
    size_bytes = 0,
    etag = NULL,
    verdict_status = NULL,
    verdict_version = NULL,
    verdict_at = NULL,
    verdict_reason = NULL,
    topics = '[]',
    updated_at = clock_timestamp(),
    told_at = clock_timestamp()
WHERE documents.object_key = excluded.object_key
  AND documents.status <> 'rejected'
  AND documents.reason IS DISTINCT FROM 'document_deleted'
