-- Reservations number $1 to $2, made by arithmetic alone, so that each filling is the same: $3 users take turns, 18 of
-- 20 are reserved, one refused and one deleted before its bytes came. Keys look as the server makes them: document ids grow
-- with time. OFFSET 0 keeps the planner from computing each hash once a column.
INSERT INTO quota.reservations (
    object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,
    reason, used_bytes, limit_bytes, decided_at, origin_topic, origin_partition, origin_offset, origin_index
)
SELECT
    made.user_id || '/' || made.document_id || '/' || made.nonce || '.pdf',
    made.document_id,
    made.user_id,
    made.state,
    1,
    CASE made.state WHEN 'reserved' THEN made.size ELSE 0 END,
    CASE made.state WHEN 'rejected' THEN made.size ELSE 0 END,
    0,
    CASE made.state WHEN 'released' THEN NULL ELSE replace(made.nonce::text, '-', '') END,
    1700000000000000000 + made.number * 1000000000,
    CASE made.state WHEN 'rejected' THEN 'over_quota' WHEN 'released' THEN 'document_deleted' END,
    made.size,
    1::bigint << 60,
    to_timestamp(1700000000 + made.number),
    'storage.events',
    made.number % 6,
    made.number / 6,
    0
FROM (
    SELECT
        number,
        md5('user ' || number % $3::bigint)::uuid AS user_id,
        (
            lpad(to_hex(1700000000000 + number * 1000), 12, '0')
            || overlay(overlay(left(md5('document ' || number), 20) PLACING '7' FROM 1 FOR 1) PLACING '8' FROM 5 FOR 1)
        )::uuid AS document_id,
        md5('nonce ' || number)::uuid AS nonce,
        1000 + number % 50000 AS size,
        CASE (number / $3::bigint + number) % 20 WHEN 7 THEN 'released' WHEN 13 THEN 'rejected' ELSE 'reserved' END AS state
    FROM generate_series($1::bigint, $2::bigint) AS number
    OFFSET 0
) AS made
