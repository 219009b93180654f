-- Records that the uploads of keys ($1) have been ended, for good: nothing can be put to any of them any more.
UPDATE objects
SET end_at = NULL
WHERE object_key = ANY ($1::text[])
