-- Puts the totals of some users ($1) right, from what they hold ($2) to what their rows add up to ($3), and says why ($4)
-- and by whom ($5). The table's own trigger does it; it refuses what is not so by now.
INSERT INTO repairs (user_id, before_bytes, after_bytes, reserved_bytes, why, repaired_by)
SELECT drifted.user_id, drifted.used_bytes, drifted.reserved_bytes, drifted.reserved_bytes, drifted.why, $5
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[]) AS drifted (user_id, used_bytes, reserved_bytes, why)
ORDER BY drifted.user_id
