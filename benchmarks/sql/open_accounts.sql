-- $1 new accounts of the ledger that never fill up; their users.
INSERT INTO accounts (user_id, limit_bytes)
SELECT gen_random_uuid(), 1::bigint << 60 FROM generate_series(1, $1::int)
RETURNING user_id
