-- The oldest messages, at most $1 of them.
SELECT id, topic, key, value, headers FROM outbox ORDER BY id LIMIT $1
