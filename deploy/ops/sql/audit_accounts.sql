-- All accounts, in the order of the object keys of their owners.
SELECT user_id::text AS key, used_bytes, limit_bytes
FROM quota.accounts
ORDER BY user_id::text COLLATE "C"
