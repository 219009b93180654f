"""Ledgers of a given size, on a stack that keeps them: filled once, in build/, and found again by the next run.

The keys are made by arithmetic, the primary key is built afterwards and packed as inserts at its end leave an index, 90
in 100. A folder is named by what fills it, so that another schema is another folder; the old one is removed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from benchmarks.options import Options
from benchmarks.site import Site
from deploy.local.server_services import CHECKOUT
from deploy.local.settings import StackSettings
from deploy.local.stack import Stack
from services.chassis.migrations import migrate, read_migrations
from services.chassis.postgres import load_sql

BUILD = CHECKOUT / "build"
PREFIX = "bench-ledgers-"
CHUNK = 1_000_000
LEAST_USERS, ROWS_A_USER = 1000, 100
SQL = load_sql("benchmarks")

_BEFORE = ("ALTER TABLE quota.reservations DROP CONSTRAINT reservations_pkey",)
_AFTER = (
    "ALTER TABLE quota.reservations ADD CONSTRAINT reservations_pkey PRIMARY KEY (document_id, object_key)",
    SQL["fill_accounts"],
    "VACUUM (ANALYZE) quota.reservations",
    "VACUUM (ANALYZE) quota.accounts",
    "CHECKPOINT",
)


def folder() -> Path:
    """Where the stack with the filled ledgers is."""
    texts = [*(each.sql for each in read_migrations("services.quota")), *_BEFORE, *_AFTER, SQL["fill_reservations"]]
    return BUILD / f"{PREFIX}{hashlib.sha256(''.join(texts).encode()).hexdigest()[:12]}"


@asynccontextmanager
async def kept_site(options: Options, logs: Path) -> AsyncIterator[Site]:
    """The stack, up; its data stays when it is ended. Raises StackError."""
    state = folder()
    for old in BUILD.glob(f"{PREFIX}*"):
        if old != state:
            await asyncio.to_thread(Stack(StackSettings(state_dir=old)).reset)
    stack = Stack.on_free_ports(state, services=False)
    try:
        await asyncio.to_thread(stack.up)
        yield Site(stack, logs, options)
    finally:
        await asyncio.to_thread(stack.down)


def users_of(rows: int) -> int:
    """How many users such a ledger has."""
    return max(LEAST_USERS, rows // ROWS_A_USER)


async def filled(site: Site, rows: int, note: Callable[[str], None], *, fresh: bool = False) -> str:
    """The URL, the role quota's, of a ledger with so many reservations; filled where it is not there yet."""
    name = f"ledger_{rows}"
    server = await asyncpg.connect(_url(site, "postgres", "postgres"))
    try:
        done = await server.fetchval(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", name
        )
        if done is None or fresh:
            await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await server.execute(f"CREATE DATABASE {name}")
            await _fill(site, name, rows, note)
            await server.execute(f"COMMENT ON DATABASE {name} IS 'filled'")
    finally:
        await server.close()
    return _url(site, "quota", name)


def _url(site: Site, role: str, database: str) -> str:
    return urlsplit(site.info.databases[role])._replace(path=f"/{database}").geturl()


async def _fill(site: Site, name: str, rows: int, note: Callable[[str], None]) -> None:
    asleep = {"session_replication_role": "replica"}  # the triggers, which would sum a million rows into the accounts
    connection = await asyncpg.connect(_url(site, "postgres", name), server_settings=asleep)
    try:
        await connection.execute("CREATE SCHEMA quota AUTHORIZATION quota")
        async with asyncpg.create_pool(_url(site, "quota", name), min_size=1, max_size=1) as pool:
            await migrate(pool, "services.quota")
        for statement in _BEFORE:
            await connection.execute(statement)
        for first in range(1, rows + 1, CHUNK):
            await connection.execute(SQL["fill_reservations"], first, min(rows, first + CHUNK - 1), users_of(rows))
            if rows > CHUNK:
                note(f"  filling: {min(rows, first + CHUNK - 1):,} of {rows:,} reservations")
        for statement in _AFTER:
            await connection.execute(statement)
    finally:
        await connection.close()
