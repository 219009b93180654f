-- Stores keys that were encrypted anew, where nobody has stored another meanwhile.
-- $1 uuid[] users, $2 bytea[] tokens before, $3 bytea[] tokens
UPDATE settings
SET llm_key = news.token
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS news (user_id, before, token)
WHERE settings.user_id = news.user_id
  AND settings.llm_key = news.before
