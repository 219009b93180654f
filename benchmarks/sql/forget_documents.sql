-- The classifier knows of no document any more.
TRUNCATE documents, examples, outbox
