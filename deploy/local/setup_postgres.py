"""The database: a role a service that owns its schema and nothing else, and `audit`, which reads them all.

A role has one password. Where that is changed without anybody being locked out, a second role logs in for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import asyncpg

from deploy.local.credentials import DATABASE_ROLES, Credentials
from deploy.local.postgres_nodes import database_url, trusting
from deploy.local.rotation import held, others
from deploy.local.settings import SERVICES

SQL = Path(__file__).with_name("sql")


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


async def setup_postgres(
    port: int, credentials: Credentials, host: str = "127.0.0.1", authority: Path | None = None
) -> None:
    """Makes what is missing and puts right what is there; may be repeated at any time."""
    url = partial(database_url, port, "postgres", credentials.database["postgres"], host=host)
    server = await asyncpg.connect(trusting(authority, url("postgres")))
    try:
        if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = 'docuvault'"):
            await server.execute(_sql("create_database"))
        await server.execute(_sql("close_database"))
    finally:
        await server.close()
    database = await asyncpg.connect(trusting(authority, url()))
    try:
        async with database.transaction():
            await _setup_roles(database, credentials)
    finally:
        await database.close()


async def _setup_roles(database: asyncpg.Connection, credentials: Credentials) -> None:
    await database.execute(_sql("close_public_schema"))
    for role in DATABASE_ROLES:
        await _run(database, "create_role", role)
    for service in SERVICES:
        await _run(database, "give_schema", service)
    await _run(database, "limit_audit")
    for role in DATABASE_ROLES:
        await _let_in(database, role, logins_of(credentials, role))


def logins_of(credentials: Credentials, role: str) -> Mapping[str, str]:
    """The passwords of a role by login: of the one that is used, and of the other one while they are changed."""
    both = (held(credentials, "postgres"), others(credentials, "postgres"))
    return dict(pairs[role] for pairs in both if role in pairs)


async def _let_in(database: asyncpg.Connection, role: str, logins: Mapping[str, str]) -> None:
    """Who logs in as a role, and nobody else: by its own name, or by one that is nothing but a way in as this one."""
    for login, password in logins.items():
        if login != role:
            await _run(database, "create_role", login)
            await _run(database, "stand_for", login, role)
        await _run(database, "secure_role", login, password)
    await _run(database, "retire_logins", role, list(logins))


async def _run(database: asyncpg.Connection, name: str, *arguments: object) -> None:
    """Runs the statements that the query `name` makes: role and schema names cannot be arguments of a statement."""
    for row in await database.fetch(_sql(name), *arguments):
        await database.execute(row[0])
