-- All decisions of the ledger about a key, those that later ones replaced first.
-- $1 uuid document, $2 text key
SELECT
    state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns, reason, used_bytes, limit_bytes,
    decided_at, origin_topic, origin_partition, origin_offset
FROM quota.superseded
WHERE object_key = $2
UNION ALL
SELECT
    state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns, reason, used_bytes, limit_bytes,
    decided_at, origin_topic, origin_partition, origin_offset
FROM quota.reservations
WHERE document_id = $1 AND object_key = $2
ORDER BY version
