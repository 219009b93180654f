-- The statements that took most of PostgreSQL's time, in milliseconds.
SELECT
    total_exec_time AS total_ms,
    calls,
    mean_exec_time AS mean_ms,
    left(regexp_replace(query, '\s+', ' ', 'g'), 200) AS query
FROM pg_stat_statements
ORDER BY total_exec_time DESC
LIMIT 25
