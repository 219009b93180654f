-- Documents and the outbox of the upload service.

CREATE TABLE documents (
    id              uuid PRIMARY KEY,
    user_id         uuid NOT NULL,
    object_key      text NOT NULL UNIQUE CHECK (octet_length(object_key) BETWEEN 1 AND 1024),
    filename        text NOT NULL CHECK (char_length(filename) BETWEEN 1 AND 1024),
    content_type    text NOT NULL CHECK (char_length(content_type) BETWEEN 3 AND 255),
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL CHECK (expires_at > created_at),

    status          text NOT NULL DEFAULT 'pending' CHECK (
        status IN ('pending', 'uploaded', 'classified', 'classification_failed', 'rejected', 'deleted')
    ),
    size_bytes      bigint NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    etag            text,
    reason          text CHECK (
        reason IN ('over_quota', 'already_rejected', 'document_deleted', 'object_removed', 'abandoned')
    ),

    version         bigint NOT NULL DEFAULT 0 CHECK (version >= 0),
    ruling          text CHECK (ruling IN ('reserved', 'rejected', 'released')),
    used_bytes      bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    limit_bytes     bigint NOT NULL DEFAULT 0 CHECK (limit_bytes >= 0),
    rejected_bytes  bigint NOT NULL DEFAULT 0 CHECK (rejected_bytes >= 0),

    verdict_status  text CHECK (verdict_status IN ('classified', 'classification_failed')),
    verdict_version bigint CHECK (verdict_version >= 1),
    verdict_at      timestamptz,
    verdict_reason  text,
    topics          jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(topics) = 'array'),

    -- Bytes count for a document exactly while the store holds them and the ledger reserved them.
    CONSTRAINT stored_is_reserved CHECK (
        CASE WHEN status IN ('uploaded', 'classified', 'classification_failed')
            THEN etag IS NOT NULL AND ruling IS NOT DISTINCT FROM 'reserved'
            ELSE etag IS NULL AND size_bytes = 0
        END
    ),
    CONSTRAINT tombstone_has_reason CHECK ((status IN ('rejected', 'deleted')) = (reason IS NOT NULL)),
    CONSTRAINT rejected_by_ledger CHECK (status <> 'rejected' OR coalesce(ruling, 'reserved') <> 'reserved'),
    CONSTRAINT spoken_has_version CHECK ((ruling IS NULL) = (version = 0)),
    CONSTRAINT verdict_is_whole CHECK (
        (verdict_status IS NULL) = (verdict_version IS NULL) AND (verdict_status IS NULL) = (verdict_at IS NULL)
    ),
    CONSTRAINT classified_by_verdict CHECK (
        status NOT IN ('classified', 'classification_failed')
        OR (verdict_status IS NOT DISTINCT FROM status AND verdict_version IS NOT DISTINCT FROM version)
    )
) WITH (fillfactor = 80);  -- a decision is an update of no indexed column: it stays on the row's page

CREATE INDEX documents_newest_first ON documents (user_id, created_at DESC, id DESC);
CREATE INDEX documents_by_topic ON documents USING gin (topics jsonb_path_ops);

-- services/chassis/sql/outbox_table.sql
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    headers json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
