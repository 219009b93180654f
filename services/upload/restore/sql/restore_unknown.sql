-- How many of these documents ($1) are not there.
SELECT count(*)
FROM unnest($1::uuid[]) AS said (id)
WHERE NOT EXISTS (SELECT FROM documents WHERE documents.id = said.id)
