-- Forgets at most $2 idempotency keys that were claimed at least $1 seconds ago, oldest first.
DELETE FROM idempotency_keys
WHERE ctid = ANY (ARRAY(
    SELECT ctid
    FROM idempotency_keys
    WHERE claimed_at <= clock_timestamp() - make_interval(secs => $1)
    ORDER BY claimed_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
))
