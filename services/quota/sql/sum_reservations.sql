-- What the rows of some users ($1) add up to; a user without rows has none here. Looks at all rows.
SELECT user_id, sum(size_bytes) AS bytes
FROM reservations
WHERE user_id = ANY ($1::uuid[])
GROUP BY user_id
