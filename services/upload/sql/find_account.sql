-- What the ledger last said of one user's account; nothing where it has said nothing yet.
SELECT used_bytes, limit_bytes, told_at, limit_set_at FROM accounts WHERE user_id = $1
