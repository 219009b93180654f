-- What was told of some accounts, one array a column, where it is newer than what is known. Of the limit, whoever sets it
-- has the last word, by the time of that ($5): decisions go by other clocks, and tell of it only while nobody has. In the
-- order of users, so that no two replicas wait for each other in a circle. A row for each account that has changed.
INSERT INTO accounts AS known (user_id, used_bytes, limit_bytes, told_at, limit_set_at)
SELECT user_id, used_bytes, limit_bytes, told_at, limit_set_at
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
    AS told (user_id, used_bytes, limit_bytes, told_at, limit_set_at)
ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE
SET used_bytes = CASE WHEN excluded.told_at > known.told_at THEN excluded.used_bytes ELSE known.used_bytes END,
    told_at = greatest(excluded.told_at, known.told_at),
    limit_bytes = CASE
        WHEN excluded.limit_set_at > coalesce(known.limit_set_at, '-infinity') THEN excluded.limit_bytes
        WHEN known.limit_set_at IS NULL AND excluded.told_at > known.told_at THEN excluded.limit_bytes
        ELSE known.limit_bytes
    END,
    limit_set_at = greatest(excluded.limit_set_at, known.limit_set_at)
WHERE excluded.told_at > known.told_at OR excluded.limit_set_at > coalesce(known.limit_set_at, '-infinity')
RETURNING user_id
