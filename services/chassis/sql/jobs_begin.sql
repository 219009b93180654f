-- A run begins, where the job is due or is to run in any case. Its start is what tells it from earlier ones, so it is
-- later than theirs also where the clock was set back.
-- $1 text name, $2 boolean in any case
UPDATE jobs
SET started_at = greatest(clock_timestamp(), started_at + interval '1 microsecond')
WHERE name = $1
  AND (due_at <= clock_timestamp() OR $2)
RETURNING started_at, cursor
