-- A commit that writes nothing but a word into the log: where commits wait for the standby, all before it is there too.
SELECT pg_logical_emit_message(true, 'docuvault', 'in sync')
