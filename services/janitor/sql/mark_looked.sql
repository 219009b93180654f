-- Records of uploads that what was found of them has been said. One of which something was heard meanwhile is left to
-- what it says now.
-- $1 text[] keys, $2 bigint[] versions they had, $3 timestamptz[] when each was to be looked up, $4 timestamptz[] when
-- again, or null, $5 boolean[] abandoned
UPDATE objects
SET look_at      = looked.again_at,
    abandoned_at = CASE WHEN looked.abandoned THEN clock_timestamp() ELSE objects.abandoned_at END
FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::boolean[])
    AS looked (object_key, version, look_at, again_at, abandoned)
WHERE objects.object_key = looked.object_key
  AND objects.version = looked.version
  AND objects.look_at = looked.look_at
