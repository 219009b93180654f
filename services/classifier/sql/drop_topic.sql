-- Removes a deleted topic for good, with its examples, once no document is filed under it.
-- $1 uuid topic
DELETE FROM topics
WHERE id = $1
  AND deleted_at IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM documents WHERE topics @> jsonb_build_array(jsonb_build_object('topic_id', $1::uuid::text))
  )
