-- A pgbench script: charges one of :rows accounts, where it still fits.
\set id random(1, :rows)
\set d random(1, 1000)
UPDATE floor_accounts SET used_bytes = used_bytes + :d WHERE user_id = :id AND used_bytes + :d <= limit_bytes;
