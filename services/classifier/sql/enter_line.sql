-- Puts documents in line that are locked and stored, in the order given, to be worked on at once; one that waits already
-- keeps its place, and whoever works on it works for nothing. Start-time fair queueing: a document comes after all others
-- of its user, and not before what is being worked on. So the first of a user who had none in line is the next, however
-- many another user has, and users who have many take turns.
-- $1 uuid[] documents
WITH entering AS MATERIALIZED (
    SELECT documents.document_id, documents.user_id, documents.turn, wanted.place
    FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (document_id, place)
    JOIN documents ON documents.document_id = wanted.document_id
    WHERE documents.state = 'stored'
),
at_work AS MATERIALIZED (
    SELECT turn
    FROM documents
    WHERE leased_until > statement_timestamp()
),
reached AS MATERIALIZED (
    SELECT coalesce(
        (SELECT max(turn) FROM at_work),
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
first_of AS MATERIALIZED (
    SELECT users.user_id,
           greatest(
               reached.turn,
               (
                   SELECT max(mine.turn) + 1
                   FROM documents AS mine
                   WHERE mine.user_id = users.user_id AND mine.turn IS NOT NULL
               )
           ) AS turn
    FROM (SELECT DISTINCT user_id FROM entering) AS users
    CROSS JOIN reached
),
placed AS MATERIALIZED (
    SELECT entering.document_id,
           coalesce(
               entering.turn,
               first_of.turn - 1
                   + row_number() OVER (PARTITION BY entering.user_id, entering.turn IS NULL ORDER BY entering.place)
           ) AS turn
    FROM entering
    JOIN first_of ON first_of.user_id = entering.user_id
)
UPDATE documents
SET turn         = placed.turn,
    due_at       = statement_timestamp(),
    leased_until = NULL,
    attempts     = 0
FROM placed
WHERE documents.document_id = placed.document_id
