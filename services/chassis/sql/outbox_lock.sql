-- One replica drains a schema's outbox at a time. A statement of its own, before the rows are read: a snapshot taken
-- while it waits would show rows that the other replica has sent and deleted meanwhile. The transaction is idle while
-- the brokers ack, for longer than any other of the service may be: $1 is how long, in ms, before its holder is taken for
-- stalled and the lock is given to another.
SELECT set_config('idle_in_transaction_session_timeout', $1, true),
    pg_advisory_xact_lock(hashtextextended('docuvault.outbox.' || current_schema(), 0))
