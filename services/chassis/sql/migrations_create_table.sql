-- What has been applied to this schema; asked for under the lock, since IF NOT EXISTS alone is no guard against a race.
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
