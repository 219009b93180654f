-- The rows of a batch's object keys ($1). Read after their accounts are locked, so that they hold still.
SELECT
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
FROM reservations
WHERE object_key = ANY ($1::text[])
