-- One user's document, tombstones too; nothing for another user's. The revision as in read_documents.sql.
SELECT *, xmin::text AS revision FROM documents WHERE id = $1 AND user_id = $2
