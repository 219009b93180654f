-- Those of the topics that there are, with their names. Who deletes one at this moment waits for this transaction, and
-- then finds what it wrote; who had deleted one before is seen here.
-- $1 uuid user, $2 uuid[] topics
SELECT id, name
FROM topics
WHERE user_id = $1
  AND id = ANY ($2::uuid[])
  AND deleted_at IS NULL
ORDER BY id
FOR SHARE
