-- How many decisions are brought back, and about how many keys.
SELECT count(*) AS decisions, count(DISTINCT object_key) AS keys FROM restoring
