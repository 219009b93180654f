-- What the classifier said last of one document, whole: what is needed to say it once more.
-- $1 text key, $2 uuid user, $3 uuid document
SELECT document_id, user_id, object_key, version, told_at, outcome, topics::text AS topics, media_type, language
FROM classifier.documents
WHERE object_key = $1
  AND user_id = $2
  AND document_id = $3
  AND state = 'stored'
  AND told_at IS NOT NULL
