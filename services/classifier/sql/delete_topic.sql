-- Makes a topic invisible and its name free, and has the job that takes it off documents run now. No row where there is
-- no such topic of the user's.
-- $1 uuid topic, $2 uuid user, $3 text job
WITH gone AS (
    UPDATE topics
    SET deleted_at = clock_timestamp()
    WHERE id = $1
      AND user_id = $2
      AND deleted_at IS NULL
    RETURNING id
),
due AS (
    UPDATE jobs
    SET due_at = least(due_at, clock_timestamp())
    WHERE name = $3
      AND EXISTS (SELECT FROM gone)
)
SELECT id FROM gone
