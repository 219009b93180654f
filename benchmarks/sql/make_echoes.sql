-- Where the floor of confirm commits one row a time.
CREATE TABLE IF NOT EXISTS echoes (id uuid PRIMARY KEY, size_bytes bigint NOT NULL)
