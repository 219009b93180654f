-- Writes what is known now of keys that are locked. A new order to remove forgets when an earlier one was carried out.
-- $1 text[] keys, $2 bigint[] versions, $3 text[] states, $4 text[] causes, $5 boolean[] deleted by their owners,
-- $6 timestamptz now
UPDATE objects
SET version    = news.version,
    state      = news.state,
    cause      = news.cause,
    deleted    = news.deleted,
    changed_at = $6,
    removed_at = CASE WHEN news.state = 'removed' THEN objects.removed_at END
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::boolean[])
    AS news (object_key, version, state, cause, deleted)
WHERE objects.object_key = news.object_key
