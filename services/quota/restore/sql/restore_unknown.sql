-- How many of these decisions ($1 documents, $2 keys, $3 versions) the ledger does not know.
SELECT count(*)
FROM unnest($1::uuid[], $2::text[], $3::integer[]) AS said (document_id, object_key, version)
LEFT JOIN reservations AS held
    ON held.document_id = said.document_id AND held.object_key = said.object_key
WHERE coalesce(held.version, 0) < said.version
