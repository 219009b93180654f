-- Makes a row for each document that has none, knowing nothing yet. Two replicas may hear of one at once (its decisions
-- and its deletion travel in two topics): the second waits here for the first and then reads what that one wrote.
-- $1 uuid[] documents, sorted, so that no two transactions wait for each other; $2 uuid[] users, $3 text[] keys
INSERT INTO documents (document_id, user_id, object_key, changed_at)
SELECT heard.document_id, heard.user_id, heard.object_key, clock_timestamp()
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS heard (document_id, user_id, object_key)
ON CONFLICT (document_id) DO NOTHING
