-- When a document was written last; null where there is none.
SELECT max(updated_at) FROM documents
