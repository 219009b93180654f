-- The ledger's last decision about each key, by key. A decision overran where it took more bytes than the key had held
-- and left the account above the limit of that moment; taking fewer is allowed, even above a limit lowered since.
SELECT
    now.object_key AS key,
    now.state,
    now.size_bytes,
    now.etag,
    now.state = 'reserved'
        AND now.used_bytes > now.limit_bytes
        AND (now.version = 1 OR before.version IS NOT NULL)
        AND now.size_bytes > coalesce(before.size_bytes, 0) AS overran,
    now.version
FROM quota.reservations AS now
LEFT JOIN quota.superseded AS before ON before.object_key = now.object_key AND before.version = now.version - 1
ORDER BY now.object_key COLLATE "C"
