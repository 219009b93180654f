-- The documents a batch speaks of, each with its row's revision: the transaction that wrote it last.
SELECT *, xmin::text AS revision FROM documents WHERE id = ANY ($1::uuid[])
