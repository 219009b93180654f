-- One user's account.
SELECT used_bytes, limit_bytes
FROM accounts
WHERE user_id = $1
