-- What the rows of some object keys ($1) said before their last decision, oldest first.
SELECT
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
FROM superseded
WHERE object_key = ANY ($1::text[])
ORDER BY object_key, version
