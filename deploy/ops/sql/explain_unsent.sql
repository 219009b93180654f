-- The first event about a document that has not left the outbox of upload, and how many rows leave before it.
-- $1 bytea key
SELECT headers::text AS headers, created_at, (SELECT count(*) FROM upload.outbox AS first WHERE first.id < mine.id) AS before
FROM upload.outbox AS mine
WHERE key = $1
ORDER BY id
LIMIT 1
