-- Topics of users: each has all of them.
-- $1 uuid[] users, $2 text[] names, $3 text[] descriptions
INSERT INTO topics (id, user_id, name, folded, description, created_at, updated_at)
SELECT gen_random_uuid(), owner, topic.name, lower(topic.name), topic.description, now(), now()
FROM unnest($1::uuid[]) AS owner, unnest($2::text[], $3::text[]) AS topic (name, description)
