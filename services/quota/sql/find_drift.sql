-- Users whose account does not hold what their reservations add up to, of which there are none unless somebody went past
-- the triggers. One look at all rows; users without an account who hold bytes all the same are among them.
SELECT user_id
FROM accounts
FULL JOIN (
    SELECT user_id, sum(size_bytes) AS bytes
    FROM reservations
    GROUP BY user_id
) AS held USING (user_id)
WHERE coalesce(accounts.used_bytes, 0) <> coalesce(held.bytes, 0)
