-- One row, one commit.
INSERT INTO echoes (id, size_bytes) VALUES ($1, $2)
