-- The object keys that the janitor has heard of under a document's id. No index helps: it is asked where nobody else
-- knows the document.
-- $1 uuid document
SELECT object_key FROM janitor.objects WHERE document_id = $1 ORDER BY object_key LIMIT 10
