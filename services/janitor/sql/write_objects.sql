-- Writes what is known now of keys that are locked. A new order to remove forgets when an earlier one was carried out.
-- $1 text[] keys, $2 bigint[] versions, $3 text[] states, $4 text[] causes, $5 boolean[] deleted by their owners,
-- $6 timestamptz[] requested, $7 timestamptz[] expire, $8 timestamptz[] to be looked up, $9 text[] of the ledger,
-- $10 text[] etags, $11 bigint[] sizes, $12 timestamptz[] abandoned, $13 timestamptz now, $14 boolean[] in parts,
-- $15 timestamptz[] whose uploads are to be ended
UPDATE objects
SET version      = news.version,
    state        = news.state,
    cause        = news.cause,
    deleted      = news.deleted,
    requested_at = news.requested_at,
    expires_at   = news.expires_at,
    look_at      = news.look_at,
    ledger       = news.ledger,
    etag         = news.etag,
    size_bytes   = news.size_bytes,
    abandoned_at = news.abandoned_at,
    multipart    = news.multipart,
    end_at       = news.end_at,
    changed_at   = $13,
    removed_at   = CASE WHEN news.state = 'removed' THEN objects.removed_at END
FROM unnest(
    $1::text[], $2::bigint[], $3::text[], $4::text[], $5::boolean[], $6::timestamptz[], $7::timestamptz[],
    $8::timestamptz[], $9::text[], $10::text[], $11::bigint[], $12::timestamptz[], $14::boolean[], $15::timestamptz[]
) AS news (
    object_key, version, state, cause, deleted, requested_at, expires_at,
    look_at, ledger, etag, size_bytes, abandoned_at, multipart, end_at
)
WHERE objects.object_key = news.object_key
