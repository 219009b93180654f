-- What a later decision has replaced, before what it led to. What the ledger's own row says now follows by itself.
INSERT INTO superseded (
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
)
SELECT
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
FROM restoring AS said
WHERE EXISTS (
    SELECT FROM restoring AS later WHERE later.object_key = said.object_key AND later.version = said.version + 1
)
