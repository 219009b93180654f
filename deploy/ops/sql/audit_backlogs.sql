-- What waits in the database: events that have not left an outbox, objects that have to go and are still there.
SELECT 'events in the outbox of upload' AS "where", count(*) AS count FROM upload.outbox
UNION ALL
SELECT 'events in the outbox of quota', count(*) FROM quota.outbox
UNION ALL
SELECT 'objects that the janitor has to remove', count(*) FROM janitor.objects WHERE state = 'remove'
