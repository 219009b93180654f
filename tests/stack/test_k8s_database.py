"""The database of deploy/k8s: its roles are those of the local stack."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from yarl import URL

from deploy.local.credentials import DATABASE_ROLES

K8S = Path(__file__).parents[2] / "deploy" / "k8s"
FILE = K8S / "servers" / "roles.sql"
SUFFIX = "_on_k8s"
DATABASE = "docuvault"
ASKED = {
    "schemas": """
        SELECT nspname::text, pg_get_userbyid(nspowner)::text, nspacl::text FROM pg_namespace
        WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'public')""",
    "powers": """
        SELECT rolname::text, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles
        WHERE rolname = ANY($1)""",
    "settings": """
        SELECT setrole::regrole::text, setconfig::text FROM pg_db_role_setting
        WHERE setrole::regrole::text = ANY($1)""",
    "tables to come": """
        SELECT defaclrole::regrole::text, defaclnamespace::regnamespace::text, defaclacl::text FROM pg_default_acl""",
    "who connects": """
        SELECT role, has_database_privilege(role, current_database(), 'CONNECT'),
               has_database_privilege(role, current_database(), 'CREATE'),
               has_schema_privilege(role, 'public', 'USAGE')
        FROM unnest($1::text[]) AS role""",
}


def theirs(text: str) -> str:
    """With names that nobody has here yet, of roles, schemas and the database."""
    return re.sub(rf"\b({'|'.join((*DATABASE_ROLES, DATABASE))})\b", rf"\1{SUFFIX}", text)


@pytest.fixture
async def made(stack: Any) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A database in which the file was run."""
    url = stack.info.databases["postgres"]
    server = await asyncpg.connect(url)
    await server.execute(f"CREATE DATABASE {DATABASE}{SUFFIX} TEMPLATE template0")
    found = await asyncpg.connect(str(URL(url).with_path(f"/{DATABASE}{SUFFIX}")))
    try:
        await found.execute(theirs(FILE.read_text("utf-8")))
        yield found
    finally:
        await found.close()
        await server.execute(f"DROP DATABASE {DATABASE}{SUFFIX}")
        for role in DATABASE_ROLES:
            await server.execute(f"DROP ROLE IF EXISTS {role}{SUFFIX}")
        await server.close()


async def facts(connection: asyncpg.Connection[asyncpg.Record], suffix: str) -> dict[str, set[tuple[object, ...]]]:
    """All that is asked, by what it is about; names without the suffix."""
    roles = [f"{role}{suffix}" for role in DATABASE_ROLES]
    found = {}
    for what, query in ASKED.items():
        rows = await connection.fetch(query, *([roles] if "$1" in query else []))
        found[what] = {tuple(_plain(value, suffix) for value in row.values()) for row in rows}
    return found


def _plain(value: object, suffix: str) -> object:
    return value.replace(suffix, "") if isinstance(value, str) and suffix else value


async def test_the_roles_on_a_cluster_are_those_of_the_local_stack(
    stack: Any, made: asyncpg.Connection[asyncpg.Record]
) -> None:
    local = await asyncpg.connect(stack.info.databases["postgres"])
    try:
        ours = await facts(local, "")
    finally:
        await local.close()
    there = await facts(made, SUFFIX)
    for what in ASKED:
        assert there[what] == ours[what], what
        assert there[what], what
