-- The documents a batch speaks of, locked in one order, so that two batches never wait for each other.
SELECT * FROM documents WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE
