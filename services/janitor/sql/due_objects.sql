-- The uploads that have been due to be looked up since before $1, the longest waiting first, and what time it is.
-- $1 timestamptz, $2 integer most
SELECT object_key, document_id, user_id, version, requested_at, expires_at, look_at, clock_timestamp() AS now
FROM objects
WHERE look_at <= $1
ORDER BY look_at, object_key
LIMIT $2
