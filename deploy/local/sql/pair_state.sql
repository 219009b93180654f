-- Whether this server is a standby, and how far it has what its primary wrote: bytes of the log (of a primary: null).
SELECT pg_is_in_recovery() AS follows,
    (GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn)::bigint AS received
