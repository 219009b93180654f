-- The schema `public` is nobody's.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
