-- Deletes at most $2 lines of the journal that are older than $1 seconds, the oldest first.
DELETE FROM repairs
WHERE id = ANY (ARRAY(
    SELECT id
    FROM repairs
    WHERE repaired_at <= now() - make_interval(secs => $1)
    ORDER BY id
    LIMIT $2
))
