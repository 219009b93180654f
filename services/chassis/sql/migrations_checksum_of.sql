-- The checksum a migration had when it was applied; no row where it has not been.
SELECT checksum FROM schema_migrations WHERE name = $1
