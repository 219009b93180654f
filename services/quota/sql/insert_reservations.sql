-- Keys that the ledger decides for the first time, one array per column. A unique violation means that another replica
-- was first, which only happens to users who have no account to lock.
INSERT INTO reservations (
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
)
SELECT * FROM unnest(
    $1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::text[], $10::bigint[], $11::text[], $12::bigint[], $13::bigint[], $14::timestamptz[], $15::text[],
    $16::integer[], $17::bigint[], $18::integer[]
)
