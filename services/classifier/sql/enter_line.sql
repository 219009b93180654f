-- Puts documents in line that are locked and stored, in the order given, to be worked on at once; one that waits already
-- keeps its place, and whoever works on it works for nothing. Start-time fair queueing: a document comes after all others
-- of its user, and not before what is being worked on. So the first of a user who had none in line is the next, however
-- many another user has, and users who have many take turns.
-- $1 uuid[] documents
WITH entering AS (
    SELECT documents.document_id, documents.user_id, documents.turn, wanted.place
    FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (document_id, place)
    JOIN documents ON documents.document_id = wanted.document_id
    WHERE documents.state = 'stored'
),
reached AS (
    SELECT coalesce(
        (SELECT max(turn) FROM documents WHERE leased_until > statement_timestamp()),
        (
            SELECT turn
            FROM documents
            WHERE turn IS NOT NULL AND due_at <= statement_timestamp()
            ORDER BY turn, document_id
            LIMIT 1
        ),
        0
    ) AS turn
),
last_of AS (
    SELECT users.user_id,
           (
               SELECT max(mine.turn)
               FROM documents AS mine
               WHERE mine.user_id = users.user_id AND mine.turn IS NOT NULL
           ) AS turn
    FROM (SELECT DISTINCT user_id FROM entering) AS users
),
placed AS (
    SELECT entering.document_id,
           greatest(reached.turn, last_of.turn + 1) - 1
               + row_number() OVER (PARTITION BY entering.user_id ORDER BY entering.place) AS turn
    FROM entering
    JOIN last_of ON last_of.user_id = entering.user_id
    CROSS JOIN reached
    WHERE entering.turn IS NULL
)
UPDATE documents
SET turn         = coalesce(entering.turn, placed.turn),
    due_at       = statement_timestamp(),
    leased_until = NULL,
    attempts     = 0
FROM entering
LEFT JOIN placed ON placed.document_id = entering.document_id
WHERE documents.document_id = entering.document_id
