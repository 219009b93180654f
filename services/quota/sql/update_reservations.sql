-- New contents of rows that still are of the version that was read ($19): fewer rows than asked for means that another
-- replica was first, which only happens to users who have no account to lock.
UPDATE reservations
SET
    state = incoming.state,
    version = incoming.version,
    size_bytes = incoming.size_bytes,
    rejected_bytes = incoming.rejected_bytes,
    released_bytes = incoming.released_bytes,
    etag = incoming.etag,
    observed_ns = incoming.observed_ns,
    reason = incoming.reason,
    used_bytes = incoming.used_bytes,
    limit_bytes = incoming.limit_bytes,
    decided_at = incoming.decided_at,
    origin_topic = incoming.origin_topic,
    origin_partition = incoming.origin_partition,
    origin_offset = incoming.origin_offset,
    origin_index = incoming.origin_index
FROM unnest(
    $1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::text[], $10::bigint[], $11::text[], $12::bigint[], $13::bigint[], $14::timestamptz[], $15::text[],
    $16::integer[], $17::bigint[], $18::integer[], $19::integer[]
) AS incoming (
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index, replaces
)
WHERE
    reservations.document_id = incoming.document_id
    AND reservations.object_key = incoming.object_key
    AND reservations.version = incoming.replaces
