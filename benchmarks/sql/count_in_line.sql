-- How many documents wait to be classified, or are being classified.
SELECT count(*) FROM documents WHERE turn IS NOT NULL
