-- One user's document, tombstones too; nothing for another user's.
SELECT * FROM documents WHERE id = $1 AND user_id = $2
