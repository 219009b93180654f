-- A user's documents that may be waiting for something, the oldest first: undecided, or not at one with the ledger, or
-- with an object that has to go. `total` is how many there are in all.
-- $1 uuid user, $2 bigint most
SELECT document.object_key, count(*) OVER () AS total
FROM upload.documents AS document
LEFT JOIN quota.reservations AS ledger
    ON ledger.document_id = document.id AND ledger.object_key = document.object_key
LEFT JOIN janitor.objects AS janitor ON janitor.object_key = document.object_key
WHERE document.user_id = $1
  AND (
      document.status = 'pending'
      OR document.version < ledger.version AND NOT (document.status IN ('rejected', 'deleted') AND ledger.state <> 'reserved')
      OR document.status IN ('rejected', 'deleted') AND ledger.state = 'reserved'
      OR document.status NOT IN ('rejected', 'deleted') AND coalesce(ledger.state, '') <> 'reserved'
      OR janitor.state = 'remove'
  )
ORDER BY document.created_at, document.id
LIMIT $2
