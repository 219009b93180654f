-- What was told of some accounts, one array a column, where it is newer than what is known. In the order of users, so that
-- no two replicas wait for each other in a circle. A row for each account that has changed.
INSERT INTO accounts AS known (user_id, used_bytes, limit_bytes, told_at)
SELECT user_id, used_bytes, limit_bytes, told_at
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[]) AS told (user_id, used_bytes, limit_bytes, told_at)
ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE
SET used_bytes = excluded.used_bytes,
    limit_bytes = excluded.limit_bytes,
    told_at = excluded.told_at
WHERE excluded.told_at > known.told_at
RETURNING user_id
