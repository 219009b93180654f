-- $1 accounts of the ledger that hold nothing and are full; their users.
INSERT INTO accounts (user_id, limit_bytes)
SELECT gen_random_uuid(), 0 FROM generate_series(1, $1::int)
RETURNING user_id
