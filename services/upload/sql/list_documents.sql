-- A page of one user's live documents in the order of {key}, after the place ($3, $4); $2 is a status or null for all, $5
-- the most. What is in braces is by the order: services/upload/sorts.py.
SELECT *, {key} AS place
FROM documents
WHERE user_id = $1
  AND ({key}, id) {follows} ($3::{type}, $4::uuid)
  AND status NOT IN ('rejected', 'deleted')
  AND ($2::text IS NULL OR status = $2)
ORDER BY {key} {direction}, id {direction}
LIMIT $5
