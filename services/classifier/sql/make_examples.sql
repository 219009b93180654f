-- A document becomes an example of topics.
-- $1 uuid document, $2 uuid user, $3 uuid[] topics
INSERT INTO examples (topic_id, document_id, user_id, made_at)
SELECT topic_id, $1, $2, clock_timestamp()
FROM unnest($3::uuid[]) AS filed (topic_id)
