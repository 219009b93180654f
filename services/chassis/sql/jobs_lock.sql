-- One replica works on a job at a time. The lock lives as long as this transaction, in which nothing else is done: it
-- holds no snapshot, so that vacuum is not kept waiting. A holder that dies frees it at once, one that is silent for
-- longer than $2 ms (stopped, or cut off) loses its session, and the lock with it.
-- $1 text name, $2 text ms
SELECT
    set_config('idle_in_transaction_session_timeout', $2, true) AS silence,
    pg_try_advisory_xact_lock(hashtextextended('docuvault.job.' || current_schema() || '.' || $1, 0)) AS held
