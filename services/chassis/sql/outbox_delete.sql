-- Forgets messages that are acked, and says how long each one waited, in seconds by the database's clock.
DELETE FROM outbox
WHERE id = ANY($1::bigint[])
RETURNING extract(epoch FROM clock_timestamp() - created_at)::float8 AS seconds
