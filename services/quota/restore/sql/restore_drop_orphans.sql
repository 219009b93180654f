-- Decisions that do not follow, one by one, from what the ledger knows of their key: one before them is missing.
WITH numbered AS (
    SELECT
        document_id,
        object_key,
        version,
        version - row_number() OVER (PARTITION BY object_key ORDER BY version) AS before
    FROM restoring
),
missing AS (
    SELECT numbered.object_key, numbered.version
    FROM numbered
    LEFT JOIN reservations AS held
        ON held.document_id = numbered.document_id AND held.object_key = numbered.object_key
    WHERE numbered.before <> coalesce(held.version, 0)
)
DELETE FROM restoring AS said
USING missing
WHERE missing.object_key = said.object_key AND missing.version = said.version
