-- Documents whose bytes come in parts (ADR 33): the store's id of the upload is known once it was begun, or, where a client
-- begins it by a URL of its own, once the client names it. Neither column is in an index, so a decision still touches none.
ALTER TABLE documents
    ADD COLUMN multipart boolean NOT NULL DEFAULT false,
    ADD COLUMN upload_id text CHECK (char_length(upload_id) BETWEEN 1 AND 1024),
    ADD CONSTRAINT uploaded_in_parts CHECK (upload_id IS NULL OR multipart);

COMMENT ON COLUMN documents.multipart IS 'its bytes come in parts: the store may hold some of them before the object is there';
COMMENT ON COLUMN documents.upload_id IS 'the store''s id of the upload in parts; null until it is known';
