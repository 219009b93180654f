-- Reads and locks what is known of the documents until the end of the transaction, in sorted order.
-- $1 uuid[] documents
SELECT document_id, user_id, object_key, version, state, etag, size_bytes, traceparent, asked_at, round,
       turn IS NOT NULL AS waits, corrected
FROM documents
WHERE document_id = ANY ($1::uuid[])
ORDER BY document_id
FOR UPDATE
