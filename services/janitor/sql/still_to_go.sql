-- Of these keys, those that have to go by what is known at this moment: the last look before their objects are removed.
-- $1 text[] keys
SELECT object_key
FROM objects
WHERE object_key = ANY ($1::text[])
  AND state <> 'keep'
