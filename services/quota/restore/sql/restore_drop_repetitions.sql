-- Of a decision that was said several times, the one that has seen the newest bytes stays; else the first.
DELETE FROM restoring AS worse
USING restoring AS better
WHERE better.object_key = worse.object_key
  AND better.version = worse.version
  AND (better.observed_ns, worse.origin_partition, worse.origin_offset)
      > (worse.observed_ns, better.origin_partition, better.origin_offset)
