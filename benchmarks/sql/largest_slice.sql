-- The most uploads that one transaction of the sweep has recorded.
SELECT coalesce(max(written.rows), 0)
FROM (SELECT count(*) AS rows FROM objects WHERE abandoned_at IS NOT NULL GROUP BY xmin) AS written
