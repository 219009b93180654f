-- What waits in the database of the classifier, where it has ever run: events that have not left its outbox. Documents
-- that wait to be classified are none of it: no byte depends on them.
SELECT 'events in the outbox of classifier' AS "where", count(*) AS count FROM classifier.outbox
