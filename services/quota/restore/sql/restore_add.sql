-- The last decisions about keys that the ledger knew nothing of.
INSERT INTO reservations (
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
)
SELECT
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
FROM restoring AS said
WHERE NOT EXISTS (
    SELECT FROM restoring AS later WHERE later.object_key = said.object_key AND later.version = said.version + 1
)
  AND NOT EXISTS (
      SELECT FROM reservations AS held
      WHERE held.document_id = said.document_id AND held.object_key = said.object_key
  )
