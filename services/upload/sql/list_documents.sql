-- A page of one user's live documents, newest first, after the place ($3, $4); $2 is a status or null for all.
SELECT *
FROM documents
WHERE user_id = $1
  AND (created_at, id) < ($3::timestamptz, $4::uuid)
  AND status NOT IN ('rejected', 'deleted')
  AND ($2::text IS NULL OR status = $2)
ORDER BY created_at DESC, id DESC
LIMIT $5
