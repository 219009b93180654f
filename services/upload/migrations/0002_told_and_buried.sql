-- When a document was last spoken of so that somebody has to answer, since when it is a tombstone, and the jobs that look
-- after both. A decision changes neither column of most rows, so it still is an update of no indexed column.

ALTER TABLE documents
    ADD COLUMN told_at timestamptz NOT NULL DEFAULT now(), -- of the rows there are, all at once
    ADD COLUMN buried_at timestamptz GENERATED ALWAYS AS (
        CASE WHEN status IN ('rejected', 'deleted') THEN updated_at END
    ) STORED;
ALTER TABLE documents ALTER COLUMN told_at SET DEFAULT clock_timestamp();

COMMENT ON COLUMN documents.told_at IS
    'when its request or its deletion was last put into the outbox, by the database''s clock';
COMMENT ON COLUMN documents.buried_at IS 'when a tombstone was last written; null while the document lives';

-- Of all documents, since one of those that wait alone would cost an entry in every index with each decision.
CREATE INDEX documents_as_told ON documents (told_at, id);
CREATE INDEX documents_buried ON documents (buried_at) WHERE buried_at IS NOT NULL;

-- Up to which place in documents_as_told whatever nobody answered has been told again; so each row is looked at once.
CREATE TABLE reminded_until (
    single  boolean     PRIMARY KEY DEFAULT true CHECK (single),
    told_at timestamptz NOT NULL DEFAULT 'epoch',
    id      uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO reminded_until DEFAULT VALUES;

-- services/chassis/sql/jobs_table.sql
CREATE TABLE jobs (
    name        text PRIMARY KEY,
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at  timestamptz,
    finished_at timestamptz,
    result      jsonb,
    error       text,
    cursor      jsonb
);

COMMENT ON COLUMN jobs.due_at IS 'when the job runs next, on whichever replica; it stays until a run has ended';
COMMENT ON COLUMN jobs.started_at IS 'of the newest run, and what tells it from any other';
COMMENT ON COLUMN jobs.finished_at IS 'when a run last ended well; before started_at: one is under way, or failed';
COMMENT ON COLUMN jobs.result IS 'what that run said of its work';
COMMENT ON COLUMN jobs.error IS 'why the newest run failed; null where it did not';
COMMENT ON COLUMN jobs.cursor IS 'how far a run that has not ended well has come, for the one that goes on';
