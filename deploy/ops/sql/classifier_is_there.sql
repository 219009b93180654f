-- Whether the classifier has ever run, and made its tables.
SELECT to_regclass('classifier.outbox') IS NOT NULL
