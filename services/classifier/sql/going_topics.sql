-- Topics that were deleted and have not been taken off all documents yet, the oldest first.
-- $1 integer most
SELECT id
FROM topics
WHERE deleted_at IS NOT NULL
ORDER BY deleted_at, id
LIMIT $1
