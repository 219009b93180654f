-- Keeps what is being worked on; what another replica has claimed since, or a newer round of it, is left alone.
-- $1 uuid[] documents, $2 integer[] rounds, $3 integer[] attempts, $4 float8 lease in seconds
UPDATE documents
SET leased_until = clock_timestamp() + make_interval(secs => $4)
FROM unnest($1::uuid[], $2::integer[], $3::integer[]) AS mine (document_id, round, attempts)
WHERE documents.document_id = mine.document_id
  AND documents.round = mine.round
  AND documents.attempts = mine.attempts
  AND documents.leased_until IS NOT NULL
