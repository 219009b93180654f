-- How many uploads the sweep still has to look up.
SELECT count(*) FROM objects WHERE look_at <= clock_timestamp()
