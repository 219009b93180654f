-- Reads and locks what is known of the keys until the end of the transaction, in sorted order.
-- $1 text[] keys
SELECT object_key, document_id, user_id, version, state, cause, deleted,
       requested_at, expires_at, look_at, ledger, etag, size_bytes, abandoned_at, multipart, end_at
FROM objects
WHERE object_key = ANY ($1::text[])
ORDER BY object_key
FOR UPDATE
