"""The schema a service starts on: brought up to date by the service itself, or waited for, see MIGRATE.

Where a job of its own migrates (deploy/k8s), replicas of the next release are there before the schema is.
"""

from __future__ import annotations

import asyncio
import time

import asyncpg
import structlog

from services.chassis.migrations import MigrationError, migrate, read_migrations
from services.chassis.postgres import load_sql, translated
from services.chassis.settings import DatabaseSettings

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.5


async def prepare(pool: asyncpg.Pool[asyncpg.Record], package: str, settings: DatabaseSettings) -> None:
    """Returns when the schema of `package` has all that its code needs; what later releases added stays.

    Raises as `migrate` does, and MigrationError where MIGRATE is never and a migration still lacks after
    SCHEMA_WAIT_SECONDS.
    """
    if settings.migrate == "start":
        await migrate(pool, package)
    else:
        await _until_migrated(pool, package, settings.schema_wait_seconds)


async def _until_migrated(pool: asyncpg.Pool[asyncpg.Record], package: str, seconds: float) -> None:
    deadline, told = time.monotonic() + seconds, 0
    while lacking := await pending(pool, package):
        if time.monotonic() >= deadline:
            raise MigrationError(_advice(package, lacking))
        if len(lacking) != told:
            log.warning("migrations.awaited", package=package, lacking=lacking)
            told = len(lacking)
        await asyncio.sleep(POLL_SECONDS)


def _advice(package: str, lacking: list[str]) -> str:
    more = f" and {len(lacking) - 1} more" if lacking[1:] else ""
    command = f"python -m services.chassis.migrate {package.rpartition('.')[2]}"
    return f"the schema lacks {lacking[0]}{more}: `{command}` brings it up to date"


async def pending(pool: asyncpg.Pool[asyncpg.Record], package: str) -> list[str]:
    """The migrations of `package` that the schema lacks. Raises MigrationError for one that was edited, Transient."""
    applied = await _applied(pool)
    known = read_migrations(package)
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationError(f"{migration.name} was edited after it was applied: add a new migration instead")
    return [migration.name for migration in known if migration.name not in applied]


async def _applied(pool: asyncpg.Pool[asyncpg.Record]) -> dict[str, str]:
    try:
        with translated():
            rows = await pool.fetch(load_sql("services.chassis")["migrations_applied"])
    except asyncpg.UndefinedTableError:
        return {}
    return {row["name"]: row["checksum"] for row in rows}
