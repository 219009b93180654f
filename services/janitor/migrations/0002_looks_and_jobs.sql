-- What the sweep and the reconciliation have to know of a key beside whether it goes: since when it is waited for, until
-- when bytes may come, and what the ledger decided it holds. And the table of the janitor's periodic work.
ALTER TABLE objects
    ADD COLUMN requested_at timestamptz,
    ADD COLUMN expires_at   timestamptz,
    ADD COLUMN look_at      timestamptz,
    ADD COLUMN ledger       text CHECK (ledger IN ('reserved', 'rejected', 'released')),
    ADD COLUMN etag         text,
    ADD COLUMN size_bytes   bigint CHECK (size_bytes >= 0),
    ADD COLUMN abandoned_at timestamptz;

UPDATE objects
SET ledger = CASE WHEN state = 'keep' THEN 'reserved' WHEN cause = 'quota.rejected' THEN 'rejected' ELSE 'released' END
WHERE version > 0;

ALTER TABLE objects
    ADD CONSTRAINT decided_has_version CHECK ((ledger IS NULL) = (version = 0)),
    ADD CONSTRAINT held_is_whole CHECK ((etag IS NULL) = (size_bytes IS NULL)),
    ADD CONSTRAINT held_is_reserved CHECK (etag IS NULL OR ledger IS NOT DISTINCT FROM 'reserved'),
    ADD CONSTRAINT requested_is_whole CHECK ((requested_at IS NULL) = (expires_at IS NULL)),
    ADD CONSTRAINT looked_for_was_requested CHECK (look_at IS NULL OR requested_at IS NOT NULL),
    ADD CONSTRAINT abandoned_was_never_decided CHECK (abandoned_at IS NULL OR version = 0);

COMMENT ON COLUMN objects.requested_at IS 'when its URL was handed out; null where that was not heard of';
COMMENT ON COLUMN objects.expires_at IS 'until when the URL brings bytes';
COMMENT ON COLUMN objects.look_at IS 'when the sweep has to look it up in the store; null: there is nothing to look for';
COMMENT ON COLUMN objects.ledger IS 'the newest decision of the ledger heard of; null where there was none yet';
COMMENT ON COLUMN objects.etag IS 'of the bytes that are reserved; null also where they were decided before this column';
COMMENT ON COLUMN objects.size_bytes IS 'of the bytes that are reserved';
COMMENT ON COLUMN objects.abandoned_at IS 'when it was said that no bytes ever came; null again once some did';

-- What the sweep has to look for, in the order in which it is due: what is decided in time is never in it for long.
CREATE INDEX objects_to_look_at ON objects (look_at, object_key) WHERE look_at IS NOT NULL;
-- What may be forgotten one day, by the time at which it was over.
CREATE INDEX objects_to_forget ON objects ((coalesce(removed_at, abandoned_at)))
    WHERE coalesce(removed_at, abandoned_at) IS NOT NULL;

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
