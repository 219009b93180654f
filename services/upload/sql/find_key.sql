-- What was asked for and answered under a user's key; nothing where it is free.
SELECT fingerprint, answer FROM idempotency_keys WHERE user_id = $1 AND key = $2
