-- A user's account, and the sum that it has to equal.
-- $1 uuid user
SELECT
    used_bytes,
    limit_bytes,
    (SELECT coalesce(sum(size_bytes), 0)::bigint FROM quota.reservations WHERE user_id = $1) AS reserved_bytes
FROM quota.accounts
WHERE user_id = $1
