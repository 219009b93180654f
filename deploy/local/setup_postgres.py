"""The database: a role a service that owns its schema and nothing else, and `audit`, which reads them all."""

from __future__ import annotations

from pathlib import Path

import asyncpg

from deploy.local.credentials import DATABASE_ROLES, Credentials
from deploy.local.postgres_nodes import database_url
from deploy.local.settings import SERVICES

SQL = Path(__file__).with_name("sql")


def _sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


async def setup_postgres(port: int, credentials: Credentials) -> None:
    """Makes what is missing and puts right what is there; may be repeated at any time."""
    password = credentials.database["postgres"]
    server = await asyncpg.connect(database_url(port, "postgres", password, "postgres"))
    try:
        if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = 'docuvault'"):
            await server.execute(_sql("create_database"))
        await server.execute(_sql("close_database"))
    finally:
        await server.close()
    database = await asyncpg.connect(database_url(port, "postgres", password))
    try:
        async with database.transaction():
            await _setup_roles(database, credentials)
    finally:
        await database.close()


async def _setup_roles(database: asyncpg.Connection, credentials: Credentials) -> None:
    await database.execute(_sql("close_public_schema"))
    for role in DATABASE_ROLES:
        await _run(database, "create_role", role)
        await _run(database, "secure_role", role, credentials.database[role])
    for service in SERVICES:
        await _run(database, "give_schema", service)
    await _run(database, "limit_audit")


async def _run(database: asyncpg.Connection, name: str, *arguments: str) -> None:
    """Runs the statements that the query `name` makes: role and schema names cannot be arguments of a statement."""
    for row in await database.fetch(_sql(name), *arguments):
        await database.execute(row[0])
