-- Wakes, once this commits, whoever waits for these documents on any replica; each element is below 8,000 bytes.
SELECT pg_notify('documents', ids) FROM unnest($1::text[]) AS ids
