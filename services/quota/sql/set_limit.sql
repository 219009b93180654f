-- Sets a user's limit, opens the account where there is none, and notes who did ($3; null: nobody's doing). No row where
-- the limit is what it was.
WITH changed AS (
    INSERT INTO accounts (user_id, limit_bytes)
    VALUES ($1, $2)
    ON CONFLICT (user_id) DO UPDATE
    SET
        limit_bytes = excluded.limit_bytes,
        version = accounts.version + 1,
        changed_at = clock_timestamp()
    WHERE accounts.limit_bytes <> excluded.limit_bytes
    RETURNING user_id, used_bytes, limit_bytes, version, changed_at
),

noted AS (
    INSERT INTO limit_changes (user_id, version, limit_bytes, changed_by, changed_at)
    SELECT user_id, version, limit_bytes, $3, changed_at FROM changed WHERE $3::uuid IS NOT NULL
)

SELECT user_id, used_bytes, limit_bytes, version, changed_at FROM changed
