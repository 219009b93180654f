-- Keys whose decisions are not numbered 1, 2, … up to the row's own: a decision was lost or made twice. Read-only.
SELECT latest.object_key, latest.user_id, latest.version, count(earlier.version)::integer AS earlier_decisions
FROM quota.reservations AS latest
LEFT JOIN quota.superseded AS earlier USING (object_key)
GROUP BY latest.document_id, latest.object_key
HAVING count(earlier.version) <> latest.version - 1 OR coalesce(max(earlier.version), 0) >= latest.version
ORDER BY latest.object_key
