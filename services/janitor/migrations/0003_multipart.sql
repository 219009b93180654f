-- Keys whose bytes come in parts (ADR 33): some of them may lie in the store without an object, under uploads that have to
-- be ended one day, whatever becomes of the key.
ALTER TABLE objects
    ADD COLUMN multipart boolean NOT NULL DEFAULT false,
    ADD COLUMN end_at    timestamptz,
    ADD CONSTRAINT ended_in_parts CHECK (end_at IS NULL OR multipart);

COMMENT ON COLUMN objects.multipart IS 'its bytes come in parts: the store may hold some of them under uploads of the key';
COMMENT ON COLUMN objects.end_at IS 'when the sweep has to end all uploads of the key; null: done, or there are none';

-- What the sweep has to end, in the order in which it is due.
CREATE INDEX objects_to_end ON objects (end_at, object_key) WHERE end_at IS NOT NULL;
