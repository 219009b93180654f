-- A document, which is locked, is not filed by its owner's hand any more; to be put in line after. No row where it was
-- not, and was no example either ($2).
-- $1 uuid document, $2 boolean it was an example, $3 text trace
UPDATE documents
SET corrected   = false,
    asked_at    = greatest(clock_timestamp(), asked_at),
    changed_at  = clock_timestamp(),
    traceparent = $3,
    round       = round + 1
WHERE document_id = $1
  AND (corrected OR $2)
RETURNING document_id
