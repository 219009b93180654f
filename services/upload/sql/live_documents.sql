-- Documents ($1) of the users who want to know of them ($2, one for each), tombstones too; nothing for another user's.
SELECT d.*
FROM (SELECT DISTINCT id, user_id FROM unnest($1::uuid[], $2::uuid[]) AS w (id, user_id)) AS wanted
JOIN documents AS d USING (id, user_id)
