-- Bytes of the ledger's parts, and how many rows it holds.
SELECT
    (SELECT count(*) FROM quota.reservations) AS rows,
    pg_table_size('quota.reservations') AS table_bytes,
    pg_indexes_size('quota.reservations') AS index_bytes,
    pg_total_relation_size('quota.accounts') AS accounts_bytes
