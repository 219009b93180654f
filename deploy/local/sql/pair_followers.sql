-- How a primary's standby $1 follows: streaming, catchup, …; sync once commits wait for it; bytes it has yet to keep.
SELECT state, sync_state, (pg_current_wal_lsn() - flush_lsn)::bigint AS behind
FROM pg_stat_replication WHERE application_name = $1
