-- Topics, settings, and what is known of each document: what the ledger said, whether it waits, what came of it.

CREATE TABLE topics (
    id          uuid PRIMARY KEY,
    user_id     uuid        NOT NULL,
    name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    folded      text        NOT NULL CHECK (char_length(folded) BETWEEN 1 AND 300),
    description text        NOT NULL DEFAULT '' CHECK (char_length(description) <= 2000),
    keywords    text[]      NOT NULL DEFAULT '{}' CHECK (cardinality(keywords) <= 50),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    revision    integer     NOT NULL DEFAULT 1 CHECK (revision >= 1),
    vector      bytea,
    vector_of   text,
    deleted_at  timestamptz,
    CHECK ((vector IS NULL) = (vector_of IS NULL))
);

COMMENT ON COLUMN topics.folded IS 'the name as two names are compared: NFKC, case-folded, spaces as one';
COMMENT ON COLUMN topics.revision IS 'grows with each change of name, description or keywords';
COMMENT ON COLUMN topics.vector IS 'its embedding, little-endian float32; none where it has to be made anew';
COMMENT ON COLUMN topics.vector_of IS 'the model and recipe that made the vector';
COMMENT ON COLUMN topics.deleted_at IS 'its owner deleted it; the row goes once it is taken off all documents';

CREATE UNIQUE INDEX topics_one_of_a_name ON topics (user_id, folded) WHERE deleted_at IS NULL;
CREATE INDEX topics_going ON topics (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE settings (
    user_id       uuid PRIMARY KEY,
    mode          text    NOT NULL CHECK (mode IN ('embedding', 'keywords', 'llm', 'off')),
    threshold     float8  NOT NULL CHECK (threshold BETWEEN 0 AND 1),
    most_topics   integer NOT NULL CHECK (most_topics BETWEEN 1 AND 20),
    llm_url       text    CHECK (char_length(llm_url) <= 2000),
    llm_model     text    CHECK (char_length(llm_model) <= 200),
    llm_key       bytea,
    llm_fall_back boolean NOT NULL,
    updated_at    timestamptz NOT NULL
);

COMMENT ON COLUMN settings.llm_key IS 'a Fernet token, never the key itself';

CREATE TABLE documents (
    document_id   uuid PRIMARY KEY,
    user_id       uuid        NOT NULL,
    object_key    text COLLATE "C" NOT NULL CHECK (octet_length(object_key) BETWEEN 1 AND 1024),
    version       bigint      NOT NULL DEFAULT 0 CHECK (version >= 0),
    state         text        NOT NULL DEFAULT 'unheard' CHECK (state IN ('unheard', 'stored', 'gone', 'deleted')),
    etag          text,
    size_bytes    bigint      NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    traceparent   text,
    changed_at    timestamptz NOT NULL,

    asked_at      timestamptz,
    round         integer     NOT NULL DEFAULT 0 CHECK (round >= 0),
    turn          bigint,
    due_at        timestamptz,
    leased_until  timestamptz,
    attempts      integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),

    outcome       text,
    told_at       timestamptz,
    topics        jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(topics) = 'array'),
    corrected     boolean     NOT NULL DEFAULT false,
    media_type    text,
    mismatch      boolean     NOT NULL DEFAULT false,
    language      text,
    vector        bytea,
    vector_of     text,
    terms         text[]      NOT NULL DEFAULT '{}' CHECK (cardinality(terms) <= 50),

    CONSTRAINT stored_is_reserved CHECK ((state = 'stored') = (etag IS NOT NULL)),
    CONSTRAINT waiting_has_turn CHECK ((turn IS NULL) = (due_at IS NULL)),
    CONSTRAINT only_stored_waits CHECK (turn IS NULL OR state = 'stored'),
    CONSTRAINT leased_waits CHECK (leased_until IS NULL OR turn IS NOT NULL),
    CONSTRAINT told_has_time CHECK ((outcome IS NULL) = (told_at IS NULL)),
    CONSTRAINT gone_is_forgotten CHECK (state = 'stored' OR (vector IS NULL AND topics = '[]' AND NOT corrected AND terms = '{}')),
    CHECK ((vector IS NULL) = (vector_of IS NULL))
) WITH (fillfactor = 80);

COMMENT ON COLUMN documents.version IS 'of the ledger''s newest word; 0 where it has not spoken';
COMMENT ON COLUMN documents.state IS 'stored: its bytes are paid for; gone: they are not any more; deleted: for good';
COMMENT ON COLUMN documents.asked_at IS 'the newest wish of its owner to have it classified again';
COMMENT ON COLUMN documents.round IS 'grows with all that makes a classification under way outdated';
COMMENT ON COLUMN documents.turn IS 'its place in line, none where it does not wait; users take turns';
COMMENT ON COLUMN documents.due_at IS 'not tried before that';
COMMENT ON COLUMN documents.leased_until IS 'a replica works on it; past that time it died over it';
COMMENT ON COLUMN documents.attempts IS 'how often the work was begun in this round';
COMMENT ON COLUMN documents.told_at IS 'the time of the newest event about it; each one is later than the one before';
COMMENT ON COLUMN documents.topics IS 'what it is filed under, as the events say it';
COMMENT ON COLUMN documents.corrected IS 'its owner filed it by hand';
COMMENT ON COLUMN documents.mismatch IS 'the client had told another content type than the bytes are';
COMMENT ON COLUMN documents.vector IS 'its embedding, little-endian float32';
COMMENT ON COLUMN documents.terms IS 'the words that tell most of it, the first the most: names of suggested topics';

CREATE INDEX documents_in_line ON documents (turn, document_id) WHERE turn IS NOT NULL;
CREATE INDEX documents_of_user_in_line ON documents (user_id, turn) WHERE turn IS NOT NULL;
CREATE INDEX documents_leased ON documents (leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX documents_of_user ON documents (user_id, changed_at DESC) WHERE state = 'stored';
CREATE INDEX documents_by_topic ON documents USING gin (topics jsonb_path_ops);
CREATE INDEX documents_ended ON documents (changed_at) WHERE state <> 'stored';

CREATE TABLE examples (
    topic_id    uuid NOT NULL REFERENCES topics ON DELETE CASCADE,
    document_id uuid NOT NULL REFERENCES documents ON DELETE CASCADE,
    user_id     uuid NOT NULL,
    made_at     timestamptz NOT NULL,
    PRIMARY KEY (document_id, topic_id)
);

COMMENT ON TABLE examples IS 'what owners filed by hand: the document''s vector is an example of the topic';

CREATE INDEX examples_newest_of_topic ON examples (topic_id, made_at DESC);

-- services/chassis/sql/outbox_table.sql
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    headers json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- services/chassis/sql/jobs_table.sql
CREATE TABLE jobs (
    name        text PRIMARY KEY,
    due_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at  timestamptz,
    finished_at timestamptz,
    result      jsonb,
    error       text,
    cursor      jsonb
);

COMMENT ON COLUMN jobs.due_at IS 'when the job runs next, on whichever replica; it stays until a run has ended';
COMMENT ON COLUMN jobs.started_at IS 'of the newest run, and what tells it from any other';
COMMENT ON COLUMN jobs.finished_at IS 'when a run last ended well; before started_at: one is under way, or failed';
COMMENT ON COLUMN jobs.result IS 'what that run said of its work';
COMMENT ON COLUMN jobs.error IS 'why the newest run failed; null where it did not';
COMMENT ON COLUMN jobs.cursor IS 'how far a run that has not ended well has come, for the one that goes on';
