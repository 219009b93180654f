-- Changes the limits of users, one each: $1 users, $2 limits in bytes, $3 when; opens the accounts that are not there.
INSERT INTO accounts (user_id, limit_bytes, changed_at)
SELECT user_id, limit_bytes, changed_at
FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS change (user_id, limit_bytes, changed_at)
ON CONFLICT (user_id) DO UPDATE
SET limit_bytes = excluded.limit_bytes, version = accounts.version + 1, changed_at = excluded.changed_at
RETURNING user_id, used_bytes, limit_bytes, version, changed_at
