-- Some documents ($2) of one user's, tombstones too; nothing for those of others.
SELECT * FROM documents WHERE user_id = $1 AND id = ANY ($2::uuid[])
