-- The periodic work of one service, in its own schema: copy this into a migration of the service that has jobs.
-- A row a job, made when a replica first asks for it; to have one run now, set its due_at to now().
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
