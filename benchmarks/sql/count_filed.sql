-- How many documents the classifier filed, or read and found no topic for.
SELECT count(*) FROM documents WHERE outcome IN ('filed', 'nothing_fits')
