-- The run has failed in a way that will not pass by itself: it is tried again at its next time, never in a hot loop.
-- $1 text name, $2 timestamptz start of the run, $3 float8 period in seconds, $4 text reason
UPDATE jobs
SET due_at = clock_timestamp() + make_interval(secs => $3),
    error  = $4
WHERE name = $1
  AND started_at = $2
RETURNING name
