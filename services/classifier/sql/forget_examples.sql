-- Forgets what was learnt of documents whose bytes are gone.
-- $1 uuid[] documents
DELETE FROM examples
WHERE document_id = ANY ($1::uuid[])
