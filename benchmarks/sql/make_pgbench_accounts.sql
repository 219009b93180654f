-- Accounts for pgbench, packed as the ledger's are, without its constraints and its trigger.
DROP TABLE IF EXISTS accounts;
CREATE TABLE accounts (
    user_id     bigint PRIMARY KEY,
    used_bytes  bigint NOT NULL DEFAULT 0,
    limit_bytes bigint NOT NULL
) WITH (fillfactor = 50);
