-- Accounts of the ledger for some users ($1) that never fill up.
INSERT INTO accounts (user_id, limit_bytes)
SELECT user_id, 1::bigint << 60 FROM unnest($1::uuid[]) AS user_id
