-- $1 accounts that never fill up, numbered from 1.
INSERT INTO floor_accounts (user_id, limit_bytes) SELECT number, 1::bigint << 60 FROM generate_series(1, $1::int) AS number
