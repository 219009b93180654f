-- Keeps how far the run has come; no row where another run has begun since.
-- $1 text name, $2 timestamptz start of the run, $3 text cursor as JSON, or null
UPDATE jobs
SET cursor = $3::jsonb
WHERE name = $1
  AND started_at = $2
RETURNING name
