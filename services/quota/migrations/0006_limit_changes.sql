-- Who set which limit, and when: a line a change, which nobody changes or takes away.

CREATE TABLE limit_changes (
    user_id     uuid        NOT NULL,
    version     bigint      NOT NULL,
    limit_bytes bigint      NOT NULL,
    changed_by  uuid        NOT NULL,
    changed_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, version)
);
COMMENT ON TABLE limit_changes IS 'limits that administrators set; version is the account''s, so what was before is in the line before, or in quota.limit_changed';
REVOKE UPDATE, DELETE, TRUNCATE ON limit_changes FROM CURRENT_USER;

CREATE TRIGGER limit_changes_are_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON limit_changes FOR EACH STATEMENT
    EXECUTE FUNCTION refuse('insufficient_privilege', 'who set a limit is not rewritten');
