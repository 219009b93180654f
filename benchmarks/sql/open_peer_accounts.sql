-- Accounts of the plain design for some users ($1) that never fill up.
INSERT INTO peer_accounts (user_id, used_bytes, limit_bytes)
SELECT user_id, 0, 1::bigint << 60 FROM unnest($1::uuid[]) AS user_id
