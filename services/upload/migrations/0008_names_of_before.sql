-- The documents of before get the names they are compared as. Nobody is kept from the table; a decision about a document
-- that is written here waits, as for any other writer.
UPDATE documents SET name_key = name_key(filename) WHERE name_key IS NULL;
