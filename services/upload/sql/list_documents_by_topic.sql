-- As list_documents, of those filed under the topic whose id or name is $6.
SELECT *
FROM documents
WHERE user_id = $1
  AND (created_at, id) < ($3::timestamptz, $4::uuid)
  AND status = 'classified'
  AND ($2::text IS NULL OR status = $2)
  AND (
      topics @> jsonb_build_array(jsonb_build_object('topic_id', $6::text))
      OR topics @> jsonb_build_array(jsonb_build_object('name', $6::text))
  )
ORDER BY created_at DESC, id DESC
LIMIT $5
