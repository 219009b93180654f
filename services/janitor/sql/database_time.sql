-- The time by which everything is due.
SELECT clock_timestamp()
