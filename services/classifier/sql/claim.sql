-- Takes the next document in line that is due and that nobody works on, and not one of users who have enough of theirs
-- under way here. Whoever else claims at this moment passes over it. The work is begun: that counts as an attempt.
-- Whose lease ran out was with somebody who died or stalled over it, which need not be its fault. It is claimed at once the
-- first time, and waits longer after each further one, half a lease to one and a half for each: so that those that were at
-- work beside one that ends its service are not at work beside it again, nor at each of several deaths in a row.
-- $1 uuid[] users passed over, $2 float8 lease in seconds
WITH next AS MATERIALIZED (
    SELECT document_id
    FROM documents
    WHERE turn IS NOT NULL
      AND due_at <= statement_timestamp()
      AND (
          leased_until IS NULL
          OR leased_until + make_interval(
              secs => $2 * (attempts - 1) * (0.5 + get_byte(uuid_send(document_id), 15) / 255.0)
          ) <= statement_timestamp()
      )
      AND user_id <> ALL ($1::uuid[])
    ORDER BY turn, document_id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE documents
SET leased_until = clock_timestamp() + make_interval(secs => $2),
    attempts     = documents.attempts + 1
FROM next
WHERE documents.document_id = next.document_id
RETURNING documents.document_id, documents.user_id, documents.object_key, documents.version, documents.round,
          documents.etag, documents.size_bytes, documents.attempts, documents.traceparent, documents.corrected
