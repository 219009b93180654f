"""Uploads that the janitor's sweep has to look up, in its own table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from benchmarks.ledger import SQL
from benchmarks.site import Site
from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, open_pool
from services.chassis.settings import DatabaseSettings

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class DueUploads:
    """The table of a migrated janitor, as its own role sees it."""

    pool: Pool

    async def add(self, number: int) -> None:
        """So many more, all due, and none with an object in the store."""
        for start in range(0, number, CHUNK):
            await self.pool.execute(SQL["fill_due"], min(CHUNK, number - start))

    async def refill(self, number: int) -> None:
        """So many, and nothing else."""
        await self.pool.execute("TRUNCATE objects, jobs")
        await self.add(number)
        await self.pool.execute("ANALYZE objects")

    async def left(self) -> int:
        """How many are still to be looked up."""
        return int(await self.pool.fetchval(SQL["count_due"]))

    async def removed(self) -> int:
        """How many objects the janitor has removed since the last refill."""
        return int(await self.pool.fetchval(SQL["count_removed"]))

    async def largest_slice(self) -> int:
        """How many uploads the largest transaction of the sweep has recorded, as PostgreSQL tells it."""
        return int(await self.pool.fetchval(SQL["largest_slice"]))


@asynccontextmanager
async def open_due(site: Site) -> AsyncIterator[DueUploads]:
    """The stack's own janitor's."""
    async with open_pool(DatabaseSettings(database_url=SecretStr(site.info.databases["janitor"]))) as pool:
        await migrate(pool, "services.janitor")
        yield DueUploads(pool)
