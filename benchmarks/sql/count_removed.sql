-- How many objects the janitor has removed.
SELECT count(*) FROM objects WHERE state = 'removed'
