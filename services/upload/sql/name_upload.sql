-- Writes down the store's id ($2) of a pending document's upload where none is known yet. A row with the id that is the
-- document's then, this one or another; none where the document is not pending any more.
UPDATE documents
SET upload_id = coalesce(upload_id, $2)
WHERE id = $1 AND multipart AND status = 'pending'
RETURNING upload_id
