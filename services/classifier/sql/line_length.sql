-- How many documents wait to be classified, those at work among them.
SELECT count(*) FROM documents WHERE turn IS NOT NULL
