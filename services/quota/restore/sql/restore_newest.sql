-- When the ledger decided last; null where it never has.
SELECT max(decided_at) FROM reservations
