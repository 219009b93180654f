-- Forgets what was learnt of a document.
-- $1 uuid document
DELETE FROM examples
WHERE document_id = $1
RETURNING topic_id
