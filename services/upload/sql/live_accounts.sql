-- The accounts of these users, as far as this service has heard of them, and what is on its way to each: the declared
-- bytes of pending documents whose URLs live. Of the newest 1,000 documents, so that it costs no more for who has many.
SELECT
    a.user_id,
    a.used_bytes,
    a.limit_bytes,
    (
        SELECT least(coalesce(sum(newest.declared_bytes), 0), 9223372036854775807)::bigint
        FROM (
            SELECT declared_bytes, status, expires_at
            FROM documents AS d
            WHERE d.user_id = a.user_id
            ORDER BY d.created_at DESC, d.id DESC
            LIMIT 1000
        ) AS newest
        WHERE newest.status = 'pending' AND newest.expires_at > clock_timestamp()
    ) AS in_flight_bytes
FROM accounts AS a
WHERE a.user_id = ANY ($1::uuid[])
