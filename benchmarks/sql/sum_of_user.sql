-- What the reservations of the user $1 (as text) add up to, by the prefix of their keys.
SELECT sum(size_bytes) FROM quota.reservations WHERE object_key >= $1 || '/' AND object_key < $1 || '0'
