-- Keeps the vectors that were made of topics, where they still are as they were.
-- $1 uuid[] topics, $2 integer[] revisions, $3 bytea[] vectors, $4 text what made them
UPDATE topics
SET vector    = made.vector,
    vector_of = $4
FROM unnest($1::uuid[], $2::integer[], $3::bytea[]) AS made (id, revision, vector)
WHERE topics.id = made.id
  AND topics.revision = made.revision
