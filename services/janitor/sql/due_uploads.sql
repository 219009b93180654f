-- Keys whose uploads have been due to be ended since before $1, the longest waiting first; at most $2.
SELECT object_key
FROM objects
WHERE end_at <= $1
ORDER BY end_at, object_key
LIMIT $2
