-- Under which limits bytes were reserved, by user, and when each was last decided by.
SELECT user_id, limit_bytes, max(decided_at) AS decided_at
FROM restoring
WHERE state = 'reserved'
GROUP BY user_id, limit_bytes
ORDER BY user_id
