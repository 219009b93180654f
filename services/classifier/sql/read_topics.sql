-- A user's topics by name, or the one of them that is asked for, with how many documents were filed there by hand.
-- $1 uuid user, $2 uuid topic, or null
SELECT id, name, description, keywords, created_at, updated_at,
       (SELECT count(*) FROM examples WHERE examples.topic_id = topics.id)::int AS examples
FROM topics
WHERE user_id = $1
  AND ($2::uuid IS NULL OR id = $2)
  AND deleted_at IS NULL
ORDER BY folded, id
