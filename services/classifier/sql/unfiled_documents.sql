-- Of a user's newest documents those that are filed under nothing, with their vectors.
-- $1 uuid user, $2 integer most looked at, $3 integer most
SELECT document_id, vector, vector_of, terms
FROM (
    SELECT document_id, vector, vector_of, terms, topics, changed_at
    FROM documents
    WHERE user_id = $1
      AND state = 'stored'
    ORDER BY changed_at DESC
    LIMIT $2
) AS newest
WHERE vector IS NOT NULL
  AND topics = '[]'
ORDER BY changed_at DESC, document_id
LIMIT $3
