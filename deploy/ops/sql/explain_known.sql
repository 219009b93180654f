-- What the janitor knows of a key.
-- $1 text key
SELECT state, version, changed_at, cause, deleted, removed_at, ledger, requested_at, look_at, abandoned_at
FROM janitor.objects
WHERE object_key = $1
