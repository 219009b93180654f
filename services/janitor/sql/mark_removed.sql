-- Records that the objects are gone, each for the order it was removed by, and tells since when. An order that was
-- carried out before keeps its first time; one that was overtaken in between is left to whoever heard of the newer one.
-- $1 text[] keys, $2 bigint[] versions, $3 text[] causes, $4 timestamptz now
UPDATE objects
SET state      = 'removed',
    removed_at = COALESCE(objects.removed_at, $4)
FROM unnest($1::text[], $2::bigint[], $3::text[]) AS done (object_key, version, cause)
WHERE objects.object_key = done.object_key
  AND objects.version = done.version
  AND objects.cause = done.cause
RETURNING objects.object_key, objects.document_id, objects.user_id, objects.version, objects.cause, objects.removed_at
