-- The next users of whom a key is stored, in order.
-- $1 uuid after, $2 integer most
SELECT user_id, llm_key
FROM settings
WHERE user_id > $1
  AND llm_key IS NOT NULL
ORDER BY user_id
LIMIT $2
