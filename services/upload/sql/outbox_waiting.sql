-- How many messages wait in the outbox, counted up to $1.
SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS waiting
