-- Replaces a user's settings.
-- $1 uuid user, $2 text mode, $3 float8 threshold, $4 integer most topics, $5 text URL, $6 text model, $7 bytea token,
-- $8 boolean falls back
INSERT INTO settings (user_id, mode, threshold, most_topics, llm_url, llm_model, llm_key, llm_fall_back, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
ON CONFLICT (user_id) DO UPDATE
SET mode          = excluded.mode,
    threshold     = excluded.threshold,
    most_topics   = excluded.most_topics,
    llm_url       = excluded.llm_url,
    llm_model     = excluded.llm_model,
    llm_key       = excluded.llm_key,
    llm_fall_back = excluded.llm_fall_back,
    updated_at    = excluded.updated_at
