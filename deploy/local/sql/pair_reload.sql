-- Makes a server read its configuration again.
SELECT pg_reload_conf()
