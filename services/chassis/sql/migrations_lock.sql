-- One replica migrates a schema at a time; the lock ends with the transaction, also when the process dies.
SELECT pg_advisory_xact_lock(hashtextextended('docuvault.migrations.' || current_schema(), 0))
