-- Tombstones go once nothing can meet them any more, each with all that was decided before about its key
-- (docs/adr/0023-tombstones-expire.md), and so do old lines of the journal. What holds bytes stays, and what is younger
-- than the records that may speak of it again: no setting and no SQL under this role removes it.

GRANT DELETE ON reservations, superseded, repairs TO CURRENT_USER;

-- Seven days are the retention of the topics that speak of keys (contracts, topics); the service's own is longer.
CREATE TRIGGER reservations_outlive_their_records BEFORE DELETE ON reservations FOR EACH ROW
    WHEN (OLD.state = 'reserved' OR OLD.size_bytes <> 0 OR OLD.decided_at > now() - interval '7 days')
    EXECUTE FUNCTION refuse('insufficient_privilege', 'only a tombstone may go, and only one that nothing meets any more');

CREATE FUNCTION forget_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM superseded USING gone WHERE superseded.object_key = gone.object_key;
    RETURN NULL;
END
$$;

CREATE TRIGGER reservations_take_their_history AFTER DELETE ON reservations REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION forget_superseded();

CREATE TRIGGER superseded_go_with_their_row BEFORE DELETE ON superseded FOR EACH STATEMENT
    WHEN (pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('insufficient_privilege', 'what was decided goes with the last decision about its key');

CREATE TRIGGER repairs_are_kept BEFORE DELETE ON repairs FOR EACH ROW
    WHEN (OLD.repaired_at > now() - interval '30 days')
    EXECUTE FUNCTION refuse('insufficient_privilege', 'a line of the journal is kept for thirty days at least');

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
