-- Where the last run of the job expiry left off; no row, or nulls, where it came to the end or never ran.
SELECT (result -> 'next' ->> 0)::uuid AS document_id, result -> 'next' ->> 1 AS object_key
FROM jobs
WHERE name = 'expiry'
