-- Moves the bytes in use of some users ($1) by some deltas ($2, never 0). The database refuses what goes above a limit
-- by leaving the row out; what gives bytes back is never refused, and never falls below 0.
UPDATE accounts
SET used_bytes = GREATEST(0, accounts.used_bytes + charge.delta)
FROM unnest($1::uuid[], $2::bigint[]) AS charge (user_id, delta)
WHERE
    accounts.user_id = charge.user_id
    AND (charge.delta < 0 OR accounts.used_bytes + charge.delta <= accounts.limit_bytes)
