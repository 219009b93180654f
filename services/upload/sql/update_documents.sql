-- Writes what a batch decided about documents whose rows still are of the revision that was read ($17), one array a
-- column, and wakes, once it is committed, whoever waits for one of them on any replica: 200 ids and their commas are
-- 7,399 bytes, a payload takes less than 8,000. A row a payload, with the ids that were written.
WITH changed AS (
    UPDATE documents AS d
    SET status = n.status,
        size_bytes = n.size_bytes,
        etag = n.etag,
        reason = n.reason,
        version = n.version,
        ruling = n.ruling,
        used_bytes = n.used_bytes,
        limit_bytes = n.limit_bytes,
        rejected_bytes = n.rejected_bytes,
        verdict_status = n.verdict_status,
        verdict_version = n.verdict_version,
        verdict_at = n.verdict_at,
        verdict_reason = n.verdict_reason,
        topics = n.topics::jsonb,
        steps = steps_with(d.steps, n.news::jsonb),
        updated_at = clock_timestamp()
    FROM unnest(
        $1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[],
        $9::bigint[], $10::bigint[], $11::text[], $12::bigint[], $13::timestamptz[], $14::text[], $15::text[], $16::text[],
        $17::text[]
    ) AS n (
        id, status, size_bytes, etag, reason, version, ruling, used_bytes, limit_bytes,
        rejected_bytes, verdict_status, verdict_version, verdict_at, verdict_reason, topics, news, revision
    )
    WHERE d.id = n.id AND d.xmin::text = n.revision
    RETURNING d.id
)
SELECT array_agg(told.id) AS written, pg_notify('documents', string_agg(told.id::text, ','))
FROM (SELECT id, (row_number() OVER () - 1) / 200 AS payload FROM changed) AS told
GROUP BY told.payload
