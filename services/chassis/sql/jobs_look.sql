-- How long until the job is due, in seconds by the database's clock, negative where it is; and when a run last ended
-- well, in seconds since the epoch, and with what result, as JSON text.
-- $1 text name
SELECT
    extract(epoch FROM due_at - clock_timestamp())::float8 AS due_in,
    extract(epoch FROM finished_at)::float8 AS succeeded,
    result::text AS result
FROM jobs
WHERE name = $1
