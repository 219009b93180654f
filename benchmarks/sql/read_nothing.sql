-- Users who want nothing read.
-- $1 uuid[] users
INSERT INTO settings (user_id, mode, threshold, most_topics, llm_fall_back, updated_at)
SELECT owner, 'off', 0.5, 3, false, now() FROM unnest($1::uuid[]) AS owner
