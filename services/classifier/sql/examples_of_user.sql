-- The newest examples of each of a user's topics that have a vector of this model and recipe.
-- $1 uuid user, $2 text model and recipe, $3 integer most of a topic
SELECT topics.id AS topic_id, newest.document_id, newest.vector
FROM topics
CROSS JOIN LATERAL (
    SELECT examples.document_id, documents.vector
    FROM examples
    JOIN documents ON documents.document_id = examples.document_id
    WHERE examples.topic_id = topics.id
      AND documents.vector_of = $2
    ORDER BY examples.made_at DESC
    LIMIT $3
) AS newest
WHERE topics.user_id = $1
  AND topics.deleted_at IS NULL
