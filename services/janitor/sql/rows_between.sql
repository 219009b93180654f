-- What is known of the keys of a range, in their order, and whether nothing was heard of each within the grace. At most
-- so many: of a long range the rest is read by the next call, from the last key on.
-- $1 text after, $2 text until, $3 float8 grace in seconds, $4 int most
SELECT
    object_key,
    document_id,
    user_id,
    state,
    ledger,
    etag,
    size_bytes,
    changed_at < now() - make_interval(secs => $3) AS long_ago
FROM objects
WHERE object_key > $1
  AND object_key <= $2
ORDER BY object_key
LIMIT $4
