-- All decisions about the keys of some users ($1, the same as text $2), and those at their expense about other keys; by
-- key and version, a key's row after what it superseded. No index has a row's user, so this looks at all rows.
SELECT
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, true AS last
FROM reservations
WHERE user_id = ANY ($1::uuid[]) OR left(object_key, 36) = ANY ($2::text[])
UNION ALL
SELECT
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, false AS last
FROM superseded
WHERE user_id = ANY ($1::uuid[]) OR left(object_key, 36) = ANY ($2::text[])
ORDER BY object_key, version, last
