-- How large it is decides how it is joined.
ANALYZE restoring
