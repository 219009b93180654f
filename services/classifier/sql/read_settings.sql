-- A user's settings; no row where there are none.
-- $1 uuid user
SELECT mode, threshold, most_topics, llm_url, llm_model, llm_key, llm_fall_back
FROM settings
WHERE user_id = $1
