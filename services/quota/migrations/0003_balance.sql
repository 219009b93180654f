-- The database itself moves the bytes in use, out of the rows that are written, so that the only total it can hold is
-- the sum of the reservations (docs/adr/0017-the-database-does-the-sum.md). Sums and histories are checked once a
-- statement; what can be said of one row is a WHEN clause, evaluated without a call, whose function runs only to refuse.

-- The gate of every batch and of every change of a limit: with it closed none is under way, so none is met half done.
LOCK TABLE accounts IN EXCLUSIVE MODE;

-- Whoever works under this role adds rows and steps them forward; nothing that was decided is removed or rewritten.
REVOKE UPDATE, DELETE, TRUNCATE ON accounts, reservations, superseded FROM CURRENT_USER;
GRANT UPDATE (used_bytes, limit_bytes, version, changed_at) ON accounts TO CURRENT_USER;
GRANT UPDATE (
    state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns, reason, used_bytes, limit_bytes,
    decided_at, origin_topic, origin_partition, origin_offset, origin_index
) ON reservations TO CURRENT_USER;

CREATE FUNCTION charge_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    users bigint;
    charged bigint;
BEGIN
    WITH moved AS MATERIALIZED (
        SELECT user_id, sum(size_bytes)::bigint AS delta FROM fresh WHERE size_bytes > 0 GROUP BY user_id
    ), done AS (
        UPDATE accounts SET used_bytes = accounts.used_bytes + moved.delta
        FROM moved WHERE accounts.user_id = moved.user_id
        RETURNING true
    )
    SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM done) INTO users, charged;
    IF users <> charged THEN
        RAISE check_violation USING MESSAGE = 'bytes are reserved for a user without an account',
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    IF EXISTS (
        SELECT FROM fresh
        WHERE fresh.version > 1 AND fresh.version - 1 <> (
            SELECT count(*) FROM superseded AS past WHERE past.object_key = fresh.object_key
        )
    ) THEN
        RAISE check_violation USING MESSAGE = 'a version is stored without all those before it',
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

-- What a row said before goes to superseded by itself, unless the writer put it there: refreshed, or decided in the same
-- batch.
CREATE FUNCTION charge_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    users bigint;
    charged bigint;
BEGIN
    WITH moved AS MATERIALIZED (
        SELECT fresh.user_id, sum(fresh.size_bytes - stale.size_bytes)::bigint AS delta
        FROM fresh JOIN stale USING (object_key)
        WHERE fresh.size_bytes <> stale.size_bytes
        GROUP BY fresh.user_id
    ), done AS (
        UPDATE accounts SET used_bytes = accounts.used_bytes + moved.delta
        FROM moved WHERE accounts.user_id = moved.user_id
        RETURNING true
    )
    SELECT (SELECT count(*) FROM moved), (SELECT count(*) FROM done) INTO users, charged;
    IF users <> charged THEN
        RAISE check_violation USING MESSAGE = 'bytes are reserved for a user without an account',
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    INSERT INTO superseded (
        object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
        reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
    )
    SELECT
        stale.object_key, stale.document_id, stale.user_id, stale.state, stale.version, stale.size_bytes,
        stale.rejected_bytes, stale.released_bytes, stale.etag, stale.observed_ns, stale.reason, stale.used_bytes,
        stale.limit_bytes, stale.decided_at, stale.origin_topic, stale.origin_partition, stale.origin_offset,
        stale.origin_index
    FROM stale JOIN fresh USING (object_key)
    WHERE fresh.version > stale.version
    ON CONFLICT (object_key, version) DO NOTHING;
    IF EXISTS (
        SELECT FROM fresh JOIN stale USING (object_key)
        WHERE fresh.version > stale.version + 1 AND fresh.version - stale.version <> (
            SELECT count(*) FROM superseded AS past
            WHERE past.object_key = fresh.object_key AND past.version >= stale.version
        )
    ) THEN
        RAISE check_violation USING MESSAGE = 'a version is stored without all those before it',
            TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER reservations_charge_inserted AFTER INSERT ON reservations REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION charge_inserted();

CREATE TRIGGER reservations_charge_updated AFTER UPDATE ON reservations REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION charge_updated();

-- Refuses with the error and the message that a trigger names.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = TG_ARGV[0], MESSAGE = TG_ARGV[1], TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$;

-- A key, its owner and what was decided stay as they are; a version and the time of the newest bytes never go back; a
-- tombstone is final. Under the same version only that time may move.
CREATE TRIGGER reservations_step_forward AFTER UPDATE ON reservations FOR EACH ROW
    WHEN (
        NEW.object_key <> OLD.object_key
        OR NEW.observed_ns < OLD.observed_ns
        OR NEW.version < OLD.version
        OR NEW.version > OLD.version AND OLD.state <> 'reserved' AND NEW.state <> 'rejected'
        OR NEW.version = OLD.version AND (
            NEW.state, NEW.size_bytes, NEW.rejected_bytes, NEW.released_bytes, NEW.etag, NEW.reason, NEW.used_bytes,
            NEW.limit_bytes, NEW.decided_at, NEW.origin_topic, NEW.origin_partition, NEW.origin_offset, NEW.origin_index
        ) IS DISTINCT FROM (
            OLD.state, OLD.size_bytes, OLD.rejected_bytes, OLD.released_bytes, OLD.etag, OLD.reason, OLD.used_bytes,
            OLD.limit_bytes, OLD.decided_at, OLD.origin_topic, OLD.origin_partition, OLD.origin_offset, OLD.origin_index
        )
    )
    EXECUTE FUNCTION refuse('check_violation', 'a decided row only steps forward');

CREATE TRIGGER accounts_open_empty BEFORE INSERT ON accounts FOR EACH ROW
    WHEN (NEW.used_bytes <> 0)
    EXECUTE FUNCTION refuse('check_violation', 'an account is opened empty');

-- Each change of a limit has one event id, and only such a change has one.
CREATE TRIGGER accounts_count_changes BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN (NEW.version <> OLD.version + (NEW.limit_bytes <> OLD.limit_bytes)::integer)
    EXECUTE FUNCTION refuse('check_violation', 'the version of an account counts the changes of its limit');

-- As a missing right, which is waited for: a replica of before this migration charges by itself, and does so in vain,
-- losing nothing and doubling nothing, until it is replaced.
CREATE TRIGGER accounts_moved_by_rows BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN (NEW.used_bytes <> OLD.used_bytes AND pg_trigger_depth() = 0)
    EXECUTE FUNCTION refuse('insufficient_privilege', 'used_bytes moves with the reservations, and by nobody''s hand');
