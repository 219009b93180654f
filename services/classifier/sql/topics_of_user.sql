-- The topics of a user, the oldest first; each with its vector where there is one of this model and recipe.
-- $1 uuid user, $2 text model and recipe
SELECT id, name, description, keywords, revision, CASE WHEN vector_of = $2 THEN vector END AS vector
FROM topics
WHERE user_id = $1
  AND deleted_at IS NULL
ORDER BY created_at, id
