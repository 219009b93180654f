-- New accounts for some users ($1) with their limits ($2). A user who has one by now keeps it, and is not returned.
INSERT INTO accounts (user_id, limit_bytes)
SELECT opened.user_id, opened.limit_bytes
FROM unnest($1::uuid[], $2::bigint[]) AS opened (user_id, limit_bytes)
ORDER BY opened.user_id
ON CONFLICT (user_id) DO NOTHING
RETURNING user_id, used_bytes, limit_bytes, version, changed_at
