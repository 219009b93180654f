-- The accounts of a batch's users ($1), locked in the order of their ids: two batches wait for each other, never in a
-- circle. A user without an account has no row, and locks nothing.
SELECT user_id, used_bytes, limit_bytes
FROM accounts
WHERE user_id = ANY ($1::uuid[])
ORDER BY user_id
FOR UPDATE
