-- What the ledger still knows: decisions that are not newer than its own about the same key.
DELETE FROM restoring AS said
USING reservations AS held
WHERE held.document_id = said.document_id AND held.object_key = said.object_key AND held.version >= said.version
