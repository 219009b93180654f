-- Reads and locks a document of which a result is to be recorded, and tells the time.
-- $1 uuid document
SELECT document_id, user_id, object_key, state, version, round, turn IS NOT NULL AS waits, corrected, topics::text,
       told_at, traceparent, clock_timestamp() AS now
FROM documents
WHERE document_id = $1
FOR UPDATE
