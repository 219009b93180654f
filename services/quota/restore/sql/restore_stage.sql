-- Where the ledger's words are put in order. Dropped in the same transaction; a dry run rolls it back.
CREATE UNLOGGED TABLE restoring (LIKE reservations)
