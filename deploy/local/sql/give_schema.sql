-- The statements that make the service $1 the owner of the schema of its name, let it connect, and let `audit` read
-- what is and will be in it.
SELECT format(statement, $1::text)
FROM unnest(ARRAY[
    'GRANT CONNECT ON DATABASE docuvault TO %1$I',
    'CREATE SCHEMA IF NOT EXISTS %1$I AUTHORIZATION %1$I',
    'REVOKE ALL ON SCHEMA %1$I FROM PUBLIC',
    'ALTER ROLE %1$I SET search_path = %1$I',
    'GRANT USAGE ON SCHEMA %1$I TO audit',
    'GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO audit',
    'ALTER DEFAULT PRIVILEGES FOR ROLE %1$I IN SCHEMA %1$I GRANT SELECT ON TABLES TO audit'
]) AS statement;
