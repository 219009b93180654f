-- What the janitor has heard about each key that a URL was ever used for. One row a key; the newest decision wins.
CREATE TABLE objects (
    object_key  text COLLATE "C" PRIMARY KEY,
    document_id uuid        NOT NULL,
    user_id     uuid        NOT NULL,
    version     bigint      NOT NULL DEFAULT 0 CHECK (version >= 0),
    state       text        NOT NULL DEFAULT 'keep' CHECK (state IN ('keep', 'remove', 'removed')),
    cause       text        CHECK (cause IN ('quota.rejected', 'document.deleted', 'quota.released')),
    deleted     boolean     NOT NULL DEFAULT false,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    removed_at  timestamptz,
    CHECK ((state = 'keep') = (cause IS NULL)),
    CHECK ((state = 'removed') = (removed_at IS NOT NULL)),
    CHECK (NOT deleted OR state <> 'keep')
);

COMMENT ON COLUMN objects.version IS 'of the newest decision of the ledger heard of; 0 where there was none yet';
COMMENT ON COLUMN objects.state IS 'keep: not to be touched; remove: has to go; removed: gone, and nothing was heard since';
COMMENT ON COLUMN objects.cause IS 'the event that ordered the removal';
COMMENT ON COLUMN objects.deleted IS 'the owner deleted the document: final, whatever is decided later';

-- Orders whose store was away, or whose replica died, for an operator to see; tiny, since rows leave it when removed.
CREATE INDEX objects_to_remove ON objects (changed_at) WHERE state = 'remove';
