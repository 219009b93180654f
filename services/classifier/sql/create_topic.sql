-- Makes a topic, where its user has fewer than $7; no row where not. The user must be locked, so that of many at once
-- each sees those before it.
-- $1 uuid topic, $2 uuid user, $3 text name, $4 text folded name, $5 text description, $6 text[] keywords, $7 integer most
INSERT INTO topics (id, user_id, name, folded, description, keywords, created_at, updated_at)
SELECT $1, $2, $3, $4, $5, $6, made.at, made.at
FROM (SELECT clock_timestamp() AS at) AS made
WHERE (SELECT count(*) FROM topics WHERE user_id = $2 AND deleted_at IS NULL) < $7
RETURNING id
