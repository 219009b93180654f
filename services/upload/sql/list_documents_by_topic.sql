-- As list_documents, of those filed under the topic whose id or name is $6.
SELECT *, {key} AS place
FROM documents
WHERE user_id = $1
  AND ({key}, id) {follows} ($3::{type}, $4::uuid)
  AND status = 'classified'
  AND ($2::text IS NULL OR status = $2)
  AND (
      topics @> jsonb_build_array(jsonb_build_object('topic_id', $6::text))
      OR topics @> jsonb_build_array(jsonb_build_object('name', $6::text))
  )
ORDER BY {key} {direction}, id {direction}
LIMIT $5
