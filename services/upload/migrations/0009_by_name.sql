-- A transaction of its own: whoever waits for a row that 0008 has written holds what an index is built under.
CREATE INDEX documents_by_name ON documents (user_id, name_key, id) INCLUDE (created_at);
