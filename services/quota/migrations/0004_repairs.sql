-- A total that is no longer the sum of its reservations (by a superuser's hand, a restore, a migration gone wrong) is put
-- right by a line in this journal and by nothing else. Whoever adds the line says what the account holds and what its
-- reservations add up to; the database looks for itself, under the account's lock, and refuses what is not so
-- (docs/adr/0022-drift-is-repaired-by-its-journal.md).

-- The gate of every batch and of every change of a limit: with it closed none is under way, so none is met half done.
LOCK TABLE accounts IN EXCLUSIVE MODE;

ALTER TABLE accounts ADD COLUMN repaired_at timestamptz;
COMMENT ON COLUMN accounts.repaired_at IS 'when a line of repairs last put used_bytes right; null: never';
GRANT UPDATE (repaired_at) ON accounts TO CURRENT_USER;

CREATE TABLE repairs (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id        uuid        NOT NULL,
    before_bytes   bigint      NOT NULL,
    after_bytes    bigint      NOT NULL,
    reserved_bytes bigint      NOT NULL,
    why            text        NOT NULL,
    repaired_by    text        NOT NULL,
    repaired_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT repairs_end_at_the_sum CHECK (after_bytes = reserved_bytes),
    CONSTRAINT repairs_change_something CHECK (before_bytes <> after_bytes),
    CONSTRAINT repairs_say_why_and_by_whom CHECK (why <> '' AND repaired_by <> '')
);
REVOKE UPDATE, DELETE, TRUNCATE ON repairs FROM CURRENT_USER;

-- The rows are summed by a snapshot of after the lock, so that nobody can have moved them since.
CREATE FUNCTION repair_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines bigint;
    repaired bigint;
BEGIN
    PERFORM FROM accounts WHERE user_id IN (SELECT user_id FROM fresh) ORDER BY user_id FOR UPDATE;
    WITH held AS MATERIALIZED (
        SELECT user_id, sum(size_bytes) AS bytes
        FROM reservations
        WHERE user_id IN (SELECT user_id FROM fresh)
        GROUP BY user_id
    ), done AS (
        UPDATE accounts SET used_bytes = fresh.after_bytes, repaired_at = fresh.repaired_at
        FROM fresh LEFT JOIN held USING (user_id)
        WHERE
            accounts.user_id = fresh.user_id
            AND accounts.used_bytes = fresh.before_bytes
            AND coalesce(held.bytes, 0) = fresh.reserved_bytes
        RETURNING true
    )
    SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM done) INTO lines, repaired;
    IF lines <> repaired THEN
        RAISE check_violation USING
            MESSAGE = 'a repair says other bytes than its account holds, or than its reservations add up to',
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER repairs_put_right AFTER INSERT ON repairs REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION repair_accounts();

-- The sum is what it is: where it is above the limit, the account was allowed too much while it said too little. It ends
-- there as if its limit had been lowered: nothing is taken back, nothing more is given.
DROP TRIGGER accounts_within_limit_update ON accounts;
CREATE TRIGGER accounts_within_limit_update BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN (
        NEW.used_bytes > OLD.used_bytes AND NEW.used_bytes > NEW.limit_bytes
        AND NEW.repaired_at IS NOT DISTINCT FROM OLD.repaired_at
    )
    EXECUTE FUNCTION refuse_overrun();

DROP TRIGGER accounts_moved_by_rows ON accounts;
CREATE TRIGGER accounts_moved_by_rows BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN (
        (NEW.used_bytes <> OLD.used_bytes OR NEW.repaired_at IS DISTINCT FROM OLD.repaired_at)
        AND pg_trigger_depth() = 0
    )
    EXECUTE FUNCTION refuse('insufficient_privilege', 'used_bytes moves with the reservations, and by nobody''s hand');
