-- The database's clock, at this moment and not at the start of the transaction.
SELECT clock_timestamp()
