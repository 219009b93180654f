-- The accounts of all filled reservations, with what these add up to.
INSERT INTO quota.accounts (user_id, used_bytes, limit_bytes)
SELECT user_id, sum(size_bytes), 1::bigint << 60 FROM quota.reservations GROUP BY user_id
