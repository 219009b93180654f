-- Documents that are not there, pending; one array a column. Those that are there stay as they are.
INSERT INTO documents (id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at, multipart)
SELECT id, user_id, object_key, filename, content_type, created_at, created_at, expires_at, multipart
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
    $8::boolean[]) AS lost (id, user_id, object_key, filename, content_type, created_at, expires_at, multipart)
ON CONFLICT DO NOTHING
