-- What the janitor knows of objects that are paid for.
-- $1 text[] keys, $2 text etag, $3 bigint size
INSERT INTO objects (object_key, document_id, user_id, version, ledger, etag, size_bytes, changed_at)
SELECT key, substr(key, 38, 36)::uuid, left(key, 36)::uuid, 1, 'reserved', $2, $3, now() - interval '1 hour'
FROM unnest($1::text[]) AS key
