-- Accounts for pgbench, packed as the ledger's are, without its constraints and its trigger.
DROP TABLE IF EXISTS floor_accounts;
CREATE TABLE floor_accounts (
    user_id     bigint PRIMARY KEY,
    used_bytes  bigint NOT NULL DEFAULT 0,
    limit_bytes bigint NOT NULL
) WITH (fillfactor = 50);
