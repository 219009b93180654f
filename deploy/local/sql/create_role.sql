-- The statement that makes the role $1 where there is none; no row where there is one.
SELECT format('CREATE ROLE %I', $1::text) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = $1);
