-- Looks at the next $3 rows after a place ($1, $2) in the order of the primary key, and deletes those that were refused or
-- released at least $4 seconds ago, with all that was decided before about their keys (by trigger). How many it saw and
-- deleted, and the place it came to. A row that somebody is about to decide on is passed over, so this waits for nobody;
-- who waits for it finds the row gone, and decides again. In a loop over the rows seen, whatever the planner makes of $3.
WITH seen AS MATERIALIZED (
    SELECT document_id, object_key, state, decided_at
    FROM reservations
    WHERE (document_id, object_key) > ($1::uuid, $2::text)
    ORDER BY document_id, object_key
    LIMIT $3
), gone AS (
    DELETE FROM reservations
    WHERE ctid = ANY (ARRAY(
        SELECT old.ctid
        FROM seen
        CROSS JOIN LATERAL (
            SELECT reservations.ctid
            FROM reservations
            WHERE
                reservations.document_id = seen.document_id
                AND reservations.object_key = seen.object_key
                AND reservations.state <> 'reserved'
                AND reservations.decided_at <= now() - make_interval(secs => $4)
            FOR UPDATE SKIP LOCKED
        ) AS old
        WHERE seen.state <> 'reserved' AND seen.decided_at <= now() - make_interval(secs => $4)
    ))
    RETURNING true
)
SELECT
    (SELECT count(*) FROM seen)::integer AS seen,
    (SELECT count(*) FROM gone)::integer AS gone,
    (SELECT document_id FROM seen ORDER BY document_id DESC, object_key DESC LIMIT 1) AS document_id,
    (SELECT object_key FROM seen ORDER BY document_id DESC, object_key DESC LIMIT 1) AS object_key
