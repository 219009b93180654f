-- What the name of a file is compared as, for the list by name and the search in it (ADR 39). It never changes, so a
-- decision still touches no index. The trigger serves replicas of before, too, which know nothing of the column; it is no
-- generated one, since to add that keeps everybody from the table for as long as it takes to write it anew.

-- A name as a search reads it: compatibility forms, accents and upper case do not count. Most are ASCII, which is quick.
CREATE FUNCTION name_folded(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN octet_length(name) = char_length(name)
        THEN translate(name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
    ELSE casefold(regexp_replace(normalize(name, NFKD), '[\u0300-\u036F]', '', 'g') COLLATE pg_unicode_fast)
END;

-- So much of it as an entry of an index holds, whatever its characters.
CREATE FUNCTION name_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(name_folded(name), 255);

CREATE FUNCTION name_documents() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.name_key := name_key(NEW.filename);
    RETURN NEW;
END
$$;

ALTER TABLE documents ADD COLUMN name_key text COLLATE "C";
COMMENT ON COLUMN documents.name_key IS 'what its file name is sorted and searched as; of a longer one the first 255';

CREATE TRIGGER documents_named BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION name_documents();
