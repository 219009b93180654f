-- Makes a standby the primary; true once it is. One that is the primary already refuses.
SELECT pg_promote(true, 60)
