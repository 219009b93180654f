-- How many reservations the ledger holds.
SELECT count(*) FROM reservations WHERE state = 'reserved'
