-- How many documents of the classifier something was said of; those that were put in line anew are not among them.
SELECT count(*) FROM documents WHERE outcome IS NOT NULL AND turn IS NULL
