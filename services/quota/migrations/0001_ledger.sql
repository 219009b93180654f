-- The ledger, in the schema of the role that runs this (its search_path names it): accounts, one row per object key,
-- the decisions that later ones replaced, and the outbox.

CREATE TABLE accounts (
    user_id     uuid        PRIMARY KEY,
    used_bytes  bigint      NOT NULL DEFAULT 0,
    limit_bytes bigint      NOT NULL,
    -- Counts the changes of the limit from 1, so that each has one event id.
    version     integer     NOT NULL DEFAULT 1,
    opened_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT accounts_used_not_negative CHECK (used_bytes >= 0),
    CONSTRAINT accounts_limit_not_negative CHECK (limit_bytes >= 0),
    CONSTRAINT accounts_version_positive CHECK (version >= 1)
) WITH (fillfactor = 50); -- half of each page is for new versions of its rows: updates stay on it and touch no index

-- No CHECK can say this one: a limit may be lowered below what is used, but nothing may be added above a limit.
-- The WHEN clauses are evaluated without a call, so the function runs only to refuse.
CREATE FUNCTION refuse_overrun() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'account % would hold % of % bytes', NEW.user_id, NEW.used_bytes, NEW.limit_bytes
        USING ERRCODE = 'check_violation', TABLE = 'accounts', CONSTRAINT = 'accounts_within_limit';
END
$$;

CREATE TRIGGER accounts_within_limit_update BEFORE UPDATE ON accounts FOR EACH ROW
    WHEN (NEW.used_bytes > OLD.used_bytes AND NEW.used_bytes > NEW.limit_bytes)
    EXECUTE FUNCTION refuse_overrun();

CREATE TRIGGER accounts_within_limit_insert BEFORE INSERT ON accounts FOR EACH ROW
    WHEN (NEW.used_bytes > NEW.limit_bytes)
    EXECUTE FUNCTION refuse_overrun();

-- A row is the last decision about its key. The key starts with the user's id and sorts bytewise, so the primary key is
-- also the index that sums by user; no column that an update changes is indexed, so updates stay HOT.
CREATE TABLE reservations (
    object_key       text        COLLATE "C" PRIMARY KEY,
    document_id      uuid        NOT NULL,
    user_id          uuid        NOT NULL,
    state            text        COLLATE "C" NOT NULL,
    version          integer     NOT NULL,
    size_bytes       bigint      NOT NULL,
    rejected_bytes   bigint      NOT NULL,
    released_bytes   bigint      NOT NULL,
    etag             text        COLLATE "C",
    observed_ns      bigint      NOT NULL,
    reason           text        COLLATE "C",
    used_bytes       bigint      NOT NULL,
    limit_bytes      bigint      NOT NULL,
    decided_at       timestamptz NOT NULL,
    origin_topic     text        COLLATE "C" NOT NULL,
    origin_partition integer     NOT NULL,
    origin_offset    bigint      NOT NULL,
    origin_index     integer     NOT NULL,
    CONSTRAINT reservations_key_names_its_owner
        CHECK (starts_with(object_key, user_id::text || '/' || document_id::text || '/')),
    CONSTRAINT reservations_version_positive CHECK (version >= 1),
    CONSTRAINT reservations_bytes_not_negative
        CHECK (least(size_bytes, rejected_bytes, released_bytes, used_bytes, limit_bytes, observed_ns) >= 0),
    CONSTRAINT reservations_state_is_whole CHECK (
        CASE state
            WHEN 'reserved' THEN
                etag IS NOT NULL AND reason IS NULL AND rejected_bytes = 0 AND released_bytes = 0
            WHEN 'rejected' THEN
                etag IS NOT NULL AND size_bytes = 0
                AND reason IS NOT NULL
                AND reason IN ('over_quota', 'document_deleted', 'object_removed', 'already_rejected')
            WHEN 'released' THEN
                size_bytes = 0 AND rejected_bytes = 0
                AND reason IS NOT NULL AND reason IN ('document_deleted', 'object_removed')
            ELSE false
        END
    ),
    CONSTRAINT reservations_origin_is_a_record CHECK (
        origin_topic <> '' AND least(origin_partition::bigint, origin_offset, origin_index::bigint) >= 0
    )
) WITH (fillfactor = 85);

-- What a row said before, for the day its record is replayed: the same event goes out again under the same id.
CREATE TABLE superseded (
    LIKE reservations INCLUDING CONSTRAINTS,
    PRIMARY KEY (object_key, version)
);

-- Changes of limits on their way to Kafka. Rows live for milliseconds, so vacuum comes by count and not by share of a
-- table that is empty most of the time.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    headers json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
