-- What the ledger last said of each account, so that an upload that cannot fit is refused before a byte is sent.

CREATE TABLE accounts (
    user_id         uuid PRIMARY KEY,
    used_bytes      bigint NOT NULL CHECK (used_bytes >= 0),
    limit_bytes     bigint NOT NULL CHECK (limit_bytes >= 0),
    told_at         timestamptz NOT NULL,
    limit_set_at    timestamptz
) WITH (fillfactor = 50);  -- each decision about its user writes the row: it stays on its page

COMMENT ON TABLE accounts IS 'a copy, behind the ledger by as long as its events take: it hints, and decides nothing';
COMMENT ON COLUMN accounts.told_at IS 'when the ledger decided what was heard last, by its own clock';
COMMENT ON COLUMN accounts.limit_set_at IS
    'when the limit was set, by the clock of the ledger''s database; null while only decisions have told of it';
