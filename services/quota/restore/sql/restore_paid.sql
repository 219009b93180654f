-- The keys that bytes were reserved for since $1, and of which documents.
SELECT document_id, user_id, object_key, decided_at
FROM reservations
WHERE state = 'reserved' AND decided_at >= $1
