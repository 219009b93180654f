-- What waits in the database: events in an outbox (of whichever schema has one), objects that have to go and are there.
SELECT
    'outbox of ' || schemaname AS "where",
    (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.outbox', schemaname), false, true, '')))[1]
        ::text::bigint AS count
FROM pg_catalog.pg_tables
WHERE tablename = 'outbox'
UNION ALL
SELECT 'objects that the janitor has to remove', count(*)
FROM janitor.objects
WHERE state = 'remove'
ORDER BY 1
