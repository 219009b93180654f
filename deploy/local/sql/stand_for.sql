-- The statements that make the role $1 a way in as the role $2, and nothing else: what it does, $2 does.
SELECT format(statement, $1::text, $2::text)
FROM unnest(ARRAY[
    'GRANT %2$I TO %1$I',
    'ALTER ROLE %1$I SET role = %2$I',
    'ALTER ROLE %1$I SET search_path = %2$I'
]) AS statement;
