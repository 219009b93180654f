-- What has been applied to this schema, by name; fails with "undefined table" where nothing ever was.
SELECT name, checksum FROM schema_migrations
