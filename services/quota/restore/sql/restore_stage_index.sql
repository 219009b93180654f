-- What was said is looked up by key and version, again and again.
CREATE INDEX ON restoring (object_key, version)
