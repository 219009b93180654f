-- The next slice, at most $2 documents, of those whose request or deletion was told at least $1 seconds ago and which have
-- not been looked at since: after which place it begins and where it ends, and how many they are. No row where there is
-- none. A place that is not that old yet is of a clock that was set back: then all are looked at again.
WITH place AS (
    SELECT
        horizon,
        CASE WHEN told_at <= horizon THEN told_at ELSE 'epoch' END AS told_at,
        CASE WHEN told_at <= horizon THEN id ELSE '00000000-0000-0000-0000-000000000000' END AS id
    FROM reminded_until, (SELECT clock_timestamp() - make_interval(secs => $1) AS horizon) AS clock
),
slice AS (
    SELECT told_at, id
    FROM documents
    WHERE (told_at, id) > ((SELECT told_at FROM place), (SELECT id FROM place))
      AND told_at <= (SELECT horizon FROM place)
    ORDER BY told_at, id
    LIMIT $2
)
SELECT
    place.told_at AS from_told_at,
    place.id AS from_id,
    slice.told_at AS to_told_at,
    slice.id AS to_id,
    (SELECT count(*) FROM slice) AS documents
FROM place, slice
ORDER BY slice.told_at DESC, slice.id DESC
LIMIT 1
