-- How many other sessions of one's own role there are.
SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()
