-- Gives a document back to the line, at its place: not tried again before so many seconds. An attempt that ended by no
-- fault of the document's is not counted. What another has claimed since, or a newer round of it, is left alone.
-- $1 uuid document, $2 integer round, $3 integer attempts, $4 float8 seconds, $5 boolean counted
UPDATE documents
SET leased_until = NULL,
    due_at       = clock_timestamp() + make_interval(secs => $4),
    attempts     = CASE WHEN $5 THEN attempts ELSE attempts - 1 END
WHERE document_id = $1
  AND round = $2
  AND attempts = $3
  AND leased_until IS NOT NULL
