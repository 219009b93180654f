-- The run has ended well; the next is due after the period. No row where another run has begun since.
-- $1 text name, $2 timestamptz start of the run, $3 float8 period in seconds, $4 text result as JSON
UPDATE jobs
SET finished_at = clock_timestamp(),
    due_at      = clock_timestamp() + make_interval(secs => $3),
    result      = $4::jsonb,
    error       = NULL,
    cursor      = NULL
WHERE name = $1
  AND started_at = $2
RETURNING name
