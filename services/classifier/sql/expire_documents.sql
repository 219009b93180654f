-- Forgets documents whose bytes went, or never came, longer ago than anything could come again of them: at most $2 of
-- them, the oldest first. Whoever is at work on one keeps it.
-- $1 float8 retention in seconds, $2 integer most
DELETE FROM documents
WHERE document_id IN (
    SELECT document_id
    FROM documents
    WHERE state <> 'stored'
      AND changed_at < clock_timestamp() - make_interval(secs => $1)
    ORDER BY changed_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
