-- Files a document, which is locked, as its owner says. A classification under way is outdated by it, and so is any wish
-- of before. It leaves the line, unless it has no vector yet: an example without one teaches nothing.
-- $1 uuid document, $2 text topics as JSON, $3 text trace
UPDATE documents
SET topics       = $2::jsonb,
    corrected    = true,
    outcome      = 'corrected',
    told_at      = greatest(clock_timestamp(), told_at + interval '1 microsecond'),
    asked_at     = greatest(clock_timestamp(), asked_at),
    changed_at   = clock_timestamp(),
    traceparent  = $3,
    round        = round + 1,
    turn         = CASE WHEN vector IS NULL THEN turn END,
    due_at       = CASE WHEN vector IS NULL THEN due_at END,
    leased_until = NULL,
    attempts     = 0
WHERE document_id = $1
RETURNING told_at, vector IS NULL AS unread
