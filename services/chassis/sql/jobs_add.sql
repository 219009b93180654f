-- Makes the row of a job that has none yet: it is due at once.
-- $1 text name
INSERT INTO jobs (name) VALUES ($1) ON CONFLICT (name) DO NOTHING
