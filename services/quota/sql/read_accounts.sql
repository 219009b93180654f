-- The accounts of some users ($1). A user without an account has no row.
SELECT user_id, used_bytes
FROM accounts
WHERE user_id = ANY ($1::uuid[])
