"""Schema migrations: `migrations/NNNN_name.sql` of a service, each applied once, in order, however many replicas start.

Each file is a transaction of its own under an advisory lock, and is recorded with its checksum. A file that was applied
and then edited is refused, since the schema it describes is no longer the one there is.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files

import asyncpg
import structlog

from services.chassis.postgres import Connection, load_sql, transaction, translated

log = structlog.get_logger(__name__)

LOCK_WAIT_SECONDS = 600.0
"""How long one migration, or the wait for another replica's, may take."""

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class MigrationError(Exception):
    """A migration cannot be applied; the schema is as it was before that file. The message names the file."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name, its text, and the SHA-256 of the text in hex."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


async def migrate(pool: asyncpg.Pool[asyncpg.Record], package: str) -> None:
    """Brings the schema of `package` ("services.quota") up to date.

    Raises MigrationError for a file that fails, was edited after it was applied, or is misnamed; Transient for
    trouble of the server that may pass.
    """
    for migration in read_migrations(package):
        async with transaction(pool) as connection:
            if await _apply(connection, migration):
                log.info("migrations.applied", package=package, migration=migration.name)


def read_migrations(package: str) -> list[Migration]:
    """The migrations of `package`, in order. Raises MigrationError for misnamed files and numbers used twice."""
    folder = files(package) / "migrations"
    found = [Migration(e.name, e.read_text("utf-8")) for e in folder.iterdir() if e.name.endswith(".sql")]
    numbers = Counter(_number(migration.name, package) for migration in found)
    twice = sorted(number for number, uses in numbers.items() if uses > 1)
    if twice:
        raise MigrationError(f"{package}: two migrations have the number {twice[0]}")
    return sorted(found, key=lambda migration: migration.name)


def _number(name: str, package: str) -> str:
    match = _NAME.fullmatch(name)
    if match is None:
        raise MigrationError(f"{package}: {name} is not named NNNN_name.sql")
    return match[1]


async def _apply(connection: Connection, migration: Migration) -> bool:
    """Whether it had to be applied now."""
    sql = load_sql("services.chassis")
    await connection.execute(sql["migrations_unbound_time"])
    await connection.execute(sql["migrations_lock"], timeout=LOCK_WAIT_SECONDS)
    await connection.execute(sql["migrations_create_table"])
    applied = await connection.fetchval(sql["migrations_checksum_of"], migration.name)
    if applied is None:
        await _run(connection, migration)
        await connection.execute(sql["migrations_record"], migration.name, migration.checksum)
    elif applied != migration.checksum:
        raise MigrationError(f"{migration.name} was edited after it was applied: add a new migration instead")
    return applied is None


async def _run(connection: Connection, migration: Migration) -> None:
    try:
        with translated():
            await connection.execute(migration.sql, timeout=LOCK_WAIT_SECONDS)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.name} failed and was rolled back: {error}") from error
