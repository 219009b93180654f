-- A role a service that owns its schema and nothing else, and `audit`, which reads them all: as deploy/local/sql has it.
-- Run once by CloudNativePG, in the new database; a test holds what comes of it to what deploy/local makes.
REVOKE ALL ON DATABASE docuvault, postgres, template1 FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE ROLE upload NOLOGIN;
CREATE ROLE quota NOLOGIN;
CREATE ROLE janitor NOLOGIN;
CREATE ROLE classifier NOLOGIN;
CREATE ROLE audit NOLOGIN;
GRANT CONNECT ON DATABASE docuvault TO upload, quota, janitor, classifier, audit;
ALTER ROLE audit SET default_transaction_read_only = on;

CREATE SCHEMA upload AUTHORIZATION upload;
CREATE SCHEMA quota AUTHORIZATION quota;
CREATE SCHEMA janitor AUTHORIZATION janitor;
CREATE SCHEMA classifier AUTHORIZATION classifier;
REVOKE ALL ON SCHEMA upload, quota, janitor, classifier FROM PUBLIC;
GRANT USAGE ON SCHEMA upload, quota, janitor, classifier TO audit;

ALTER ROLE upload SET search_path = upload;
ALTER ROLE quota SET search_path = quota;
ALTER ROLE janitor SET search_path = janitor;
ALTER ROLE classifier SET search_path = classifier;

ALTER DEFAULT PRIVILEGES FOR ROLE upload IN SCHEMA upload GRANT SELECT ON TABLES TO audit;
ALTER DEFAULT PRIVILEGES FOR ROLE quota IN SCHEMA quota GRANT SELECT ON TABLES TO audit;
ALTER DEFAULT PRIVILEGES FOR ROLE janitor IN SCHEMA janitor GRANT SELECT ON TABLES TO audit;
ALTER DEFAULT PRIVILEGES FOR ROLE classifier IN SCHEMA classifier GRANT SELECT ON TABLES TO audit;
