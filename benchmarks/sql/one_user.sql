-- Any user of the ledger.
SELECT user_id FROM quota.accounts LIMIT 1
