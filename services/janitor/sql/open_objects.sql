-- Makes a row for each key that has none, knowing nothing yet. Two replicas may hear of a key at once (its decisions
-- and its deletion travel in two topics): the second waits here for the first and then reads what that one wrote.
-- Keys go in sorted, so that no two transactions wait for each other.
-- $1 text[] keys, $2 uuid[] documents, $3 uuid[] users
INSERT INTO objects (object_key, document_id, user_id)
SELECT heard.object_key, heard.document_id, heard.user_id
FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS heard (object_key, document_id, user_id)
ORDER BY heard.object_key COLLATE "C"
ON CONFLICT (object_key) DO NOTHING
