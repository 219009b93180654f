-- Sets a user's limit, and opens the account where there is none. No row where the limit is what it was.
INSERT INTO accounts (user_id, limit_bytes)
VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE
SET
    limit_bytes = excluded.limit_bytes,
    version = accounts.version + 1,
    changed_at = clock_timestamp()
WHERE accounts.limit_bytes <> excluded.limit_bytes
RETURNING user_id, used_bytes, limit_bytes, version, changed_at
