-- $1 users with an account, others each time.
SELECT user_id FROM accounts ORDER BY random() LIMIT $1
