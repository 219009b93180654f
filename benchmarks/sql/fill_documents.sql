-- Pending documents (an array a column) that an event each is to be about.
INSERT INTO documents (id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at)
SELECT id, user_id, object_key, 'scan.pdf', 'application/pdf', now(), now(), now() + interval '15 minutes'
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS made (id, user_id, object_key)
