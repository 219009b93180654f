-- What the classifier knows of a key: what came of it, and whether it waits in line, behind how many.
-- $1 uuid document, $2 text key
SELECT
    changed_at,
    outcome,
    told_at,
    turn IS NOT NULL AS waits,
    due_at,
    leased_until > clock_timestamp() AS at_work,
    attempts,
    (SELECT count(*) FROM classifier.documents AS others WHERE others.turn < documents.turn) AS before
FROM classifier.documents
WHERE document_id = $1
  AND object_key = $2
