-- What it held is in the ledger now.
DROP TABLE restoring
