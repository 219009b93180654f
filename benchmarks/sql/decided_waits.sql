-- Seconds from the store's time of each object to its decision, of objects put since then.
SELECT (extract(epoch FROM decided_at) - observed_ns / 1e9)::float8 AS seconds
FROM reservations
WHERE state = 'reserved' AND observed_ns >= $1
