-- A row is found by its document, whose id grows with time (contracts, new_document_id): new rows go to the end of the
-- index, and the rows a batch asks for lie side by side. A key by the object's name put each one on a leaf page of its
-- own among all that there ever were, which at three million rows cost ten times as much to read and 6 kB of WAL a row.
-- The object's key names its document (reservations_key_names_its_owner), so it is still there once.
ALTER TABLE reservations
    DROP CONSTRAINT reservations_pkey,
    ADD PRIMARY KEY (document_id, object_key);
