-- A document, which is locked, is not filed by its owner's hand any more: it is filed under nothing until it has been
-- classified anew, for which it is to be put in line after. One that was classified since keeps what was found then.
-- $1 uuid document, $2 text trace
UPDATE documents
SET topics      = CASE WHEN corrected THEN '[]' ELSE topics END,
    outcome     = CASE WHEN corrected THEN 'nothing_fits' ELSE outcome END,
    told_at     = CASE
        WHEN corrected THEN greatest(clock_timestamp(), told_at + interval '1 microsecond')
        ELSE told_at
    END,
    corrected   = false,
    asked_at    = greatest(clock_timestamp(), asked_at),
    changed_at  = clock_timestamp(),
    traceparent = $2,
    round       = round + 1
WHERE document_id = $1
RETURNING told_at
