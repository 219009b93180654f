-- The object keys of a document: its own first, then those that the ledger has decided about under its id.
-- $1 uuid document
SELECT object_key FROM (
    SELECT object_key, 1 AS rank FROM upload.documents WHERE id = $1
    UNION ALL
    SELECT object_key, 2 FROM quota.reservations WHERE document_id = $1
) AS found
GROUP BY object_key
ORDER BY min(rank), object_key
