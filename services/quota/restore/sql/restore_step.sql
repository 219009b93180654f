-- The last decisions about keys that are known: of those that hold more bytes than they did, or of the others, which go
-- first, so that what grows finds room.
-- $1 boolean those that hold more
UPDATE reservations AS held
SET
    state = said.state,
    version = said.version,
    size_bytes = said.size_bytes,
    rejected_bytes = said.rejected_bytes,
    released_bytes = said.released_bytes,
    etag = said.etag,
    observed_ns = said.observed_ns,
    reason = said.reason,
    used_bytes = said.used_bytes,
    limit_bytes = said.limit_bytes,
    decided_at = said.decided_at,
    origin_topic = said.origin_topic,
    origin_partition = said.origin_partition,
    origin_offset = said.origin_offset,
    origin_index = said.origin_index
FROM restoring AS said
WHERE held.document_id = said.document_id
  AND held.object_key = said.object_key
  AND held.version < said.version
  AND (said.size_bytes > held.size_bytes) = $1
  AND NOT EXISTS (
      SELECT FROM restoring AS later WHERE later.object_key = said.object_key AND later.version = said.version + 1
  )
