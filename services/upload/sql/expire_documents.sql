-- Forgets at most $3 tombstones that were last written at least $1 seconds ago, oldest first. Only those that the ledger
-- holds nothing of (or never heard of, where no byte ever came), and whose URL ended $2 seconds ago or more.
DELETE FROM documents
WHERE id = ANY (ARRAY(
    SELECT id
    FROM documents
    WHERE buried_at <= clock_timestamp() - make_interval(secs => $1)
      AND expires_at <= clock_timestamp() - make_interval(secs => $2)
      AND (ruling IN ('rejected', 'released') OR reason = 'abandoned')
    ORDER BY buried_at
    LIMIT $3
    FOR UPDATE SKIP LOCKED
))
