-- What a client declared of an upload's size, and the keys under which requests for URLs were answered.

ALTER TABLE documents ADD COLUMN declared_bytes bigint CHECK (declared_bytes >= 0);
COMMENT ON COLUMN documents.declared_bytes IS 'the size that the client declared; a hint, which the store may belie';

CREATE TABLE idempotency_keys (
    user_id     uuid  NOT NULL,
    key         text  NOT NULL CHECK (key ~ '^[ -~]{1,255}$'),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    answer      jsonb NOT NULL CHECK (jsonb_typeof(answer) = 'object'),
    claimed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, key)
);
COMMENT ON COLUMN idempotency_keys.fingerprint IS 'SHA-256 of what was asked for: another request under the key is refused';
COMMENT ON COLUMN idempotency_keys.answer IS
    'what was made, a document a place in the request, and what was refused with the numbers of then; no URL';

CREATE INDEX idempotency_keys_oldest_first ON idempotency_keys (claimed_at);
