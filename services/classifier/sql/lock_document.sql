-- Reads and locks a document of a user's; no row where it is another's, or has not been heard of.
-- $1 uuid document, $2 uuid user
SELECT document_id, user_id, object_key, version, state, corrected, media_type, language
FROM documents
WHERE document_id = $1
  AND user_id = $2
FOR UPDATE
