-- Of the documents after the place ($1, $2), up to ($3, $4), those that nobody has answered: still pending, or deleted by
-- their owners with bytes that the ledger may hold. Oldest first. `dead` tells that the URL ended $5 seconds ago or more;
-- of one that lives there is nothing to be reminded of.
SELECT *, expires_at <= clock_timestamp() - make_interval(secs => $5) AS dead, clock_timestamp() AS now
FROM documents
WHERE (told_at, id) > ($1::timestamptz, $2::uuid)
  AND (told_at, id) <= ($3::timestamptz, $4::uuid)
  AND (
      status = 'pending'
      OR (status = 'deleted' AND reason = 'document_deleted' AND coalesce(ruling, 'reserved') = 'reserved')
  )
ORDER BY told_at, id
