-- Takes a document out of line of which nothing is to be said: its owner wants none read, or its bytes are gone. A newer
-- round of it stays in line.
-- $1 uuid document, $2 bigint version, $3 integer round
UPDATE documents
SET turn         = NULL,
    due_at       = NULL,
    leased_until = NULL,
    attempts     = 0
WHERE document_id = $1
  AND version = $2
  AND round = $3
