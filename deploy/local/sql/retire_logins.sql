-- The statements after which nobody logs in as the role $1 but by the names $2: the others' sessions end, and they go.
WITH gone AS (
    SELECT member.rolname AS name
    FROM pg_auth_members
    JOIN pg_roles AS owner ON owner.oid = pg_auth_members.roleid
    JOIN pg_roles AS member ON member.oid = pg_auth_members.member
    WHERE owner.rolname = $1::text
        AND starts_with(member.rolname, $1::text || '_')
        AND member.rolname <> ALL($2::text[])
    UNION
    SELECT $1::text WHERE $1::text <> ALL($2::text[])
),

statements AS (
    SELECT name, 1 AS place, format('ALTER ROLE %I NOLOGIN PASSWORD NULL', name) AS statement FROM gone
    UNION ALL
    SELECT name, 2, format('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %L', name) FROM gone
    UNION ALL
    SELECT name, 3, format('REASSIGN OWNED BY %I TO %I', name, $1::text) FROM gone WHERE name <> $1::text
    UNION ALL
    SELECT name, 4, format('DROP ROLE %I', name) FROM gone WHERE name <> $1::text
)

SELECT statement FROM statements ORDER BY name, place;
