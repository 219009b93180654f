-- Changes of a user's topics and settings come one after the other, until the end of the transaction.
-- $1 uuid user
SELECT pg_advisory_xact_lock(hashtextextended('docuvault.classifier.' || current_schema() || '.' || $1::uuid::text, 0))
