-- How many messages wait in the outbox, counted up to $1, and how old the oldest is, in seconds by the database's clock; 0
-- where there is none.
SELECT
    (SELECT count(*) FROM (SELECT FROM outbox LIMIT $1) AS waiting) AS messages,
    coalesce(
        (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM outbox ORDER BY id LIMIT 1), 0
    ) AS seconds
