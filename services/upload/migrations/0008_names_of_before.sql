-- The documents of before get the names they are compared as. First those on which little is written any more; then the
-- others, without waiting for anybody, so that no circle of waiting ends this: what another transaction has written is
-- passed over, and done once that has ended.
UPDATE documents SET name_key = name_key(filename)
WHERE status IN ('classified', 'classification_failed') AND updated_at < now() - interval '1 hour';

DO $$
BEGIN
    LOOP
        UPDATE documents SET name_key = name_key(filename)
        WHERE id IN (SELECT id FROM documents WHERE name_key IS NULL FOR UPDATE SKIP LOCKED);
        EXIT WHEN NOT EXISTS (SELECT FROM documents WHERE name_key IS NULL);
        PERFORM pg_sleep(0.05);
    END LOOP;
END
$$;
