-- The accounts of those users ($1) that there are.
SELECT user_id, version, limit_bytes FROM accounts WHERE user_id = ANY ($1::uuid[])
