-- A user's documents by status, with their bytes.
-- $1 uuid user
SELECT status, count(*) AS documents, sum(size_bytes)::bigint AS bytes
FROM upload.documents
WHERE user_id = $1
GROUP BY status
ORDER BY status
