-- Users whose account does not say what their reservations add up to; none at rest, and none at any moment, since both
-- change in one transaction. Read-only. used_bytes is null where bytes are reserved without an account.
SELECT
    user_id,
    account.used_bytes,
    held.reserved_bytes,
    coalesce(account.used_bytes, 0) - coalesce(held.reserved_bytes, 0) AS difference_bytes
FROM quota.accounts AS account
FULL JOIN (
    SELECT user_id, sum(size_bytes) AS reserved_bytes
    FROM quota.reservations
    WHERE state = 'reserved'
    GROUP BY user_id
) AS held USING (user_id)
WHERE coalesce(account.used_bytes, 0) <> coalesce(held.reserved_bytes, 0)
ORDER BY user_id
