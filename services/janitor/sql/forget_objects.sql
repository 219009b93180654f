-- Forgets keys that were removed or abandoned longer ago than anything could come again of them: at most $2 of them,
-- the oldest first. Whoever is at work on one keeps it.
-- $1 float8 retention in seconds, $2 integer most
DELETE FROM objects
WHERE object_key IN (
    SELECT object_key
    FROM objects
    WHERE coalesce(removed_at, abandoned_at) < clock_timestamp() - make_interval(secs => $1)
      AND state <> 'remove'
      AND look_at IS NULL
      AND end_at IS NULL
    ORDER BY coalesce(removed_at, abandoned_at)
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
