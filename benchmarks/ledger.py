"""A ledger with accounts, and the real service that works off what is piled up for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from pydantic import SecretStr

from benchmarks.backlog import piled_up
from benchmarks.batches import Read, follow, read_line, says, speed_of
from benchmarks.cpu import Meter, server_pids
from benchmarks.model import BenchError, Reading
from benchmarks.site import Child, Site
from services.chassis.migrations import migrate
from services.chassis.postgres import load_sql, open_pool
from services.chassis.settings import DatabaseSettings

USERS = 1000
SQL = load_sql("benchmarks")


@dataclass(frozen=True, slots=True)
class Ledger:
    """A migrated ledger at `url`, the role quota's, with accounts of these users."""

    site: Site
    url: str
    pool: asyncpg.Pool[asyncpg.Record]
    users: Sequence[UUID]
    env: Mapping[str, str] = field(default_factory=dict)
    """More settings of the service."""

    async def open_full(self, users: int) -> list[UUID]:
        """Users whose accounts are full: whatever they put is refused."""
        return [row["user_id"] for row in await self.pool.fetch(SQL["open_full_accounts"], users)]

    async def pile_up(self) -> None:
        """Notifications for one reading, the users taking turns."""
        async with piled_up(self.site, self.users, self.site.options.records):
            pass

    async def work(self, read: Read = read_line) -> Reading:
        """The speed of the real service on all that is piled up. Raises BenchError where it does not decide each."""
        async with self.deciding_each(self.site.options.records), self.serving() as children:
            return await watched(self.site, children, self.site.options.records, read)

    async def work_when_joined(self, replicas: int) -> Reading:
        """The speed of replicas that all have their partitions when the notifications become visible, at once."""
        records = self.site.options.records
        async with self.deciding_each(records), self.serving(replicas) as children:
            async with piled_up(self.site, self.users, records):
                await joined(children)
            return await watched(self.site, children, records)

    @asynccontextmanager
    async def deciding_each(self, records: int) -> AsyncIterator[None]:
        """Raises BenchError where what is done inside does not reserve so many objects."""
        before = await self.pool.fetchval(SQL["count_reserved"])
        yield
        decided = await self.pool.fetchval(SQL["count_reserved"]) - before
        if decided != records:
            raise BenchError(f"of {records} objects the ledger reserved {decided}")

    @asynccontextmanager
    async def serving(self, replicas: int = 1, first_port: int = 1) -> AsyncIterator[Sequence[Child]]:
        """So many processes of the service, listening from that port of the site's on."""
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(
                    self.site.service(
                        "quota",
                        DATABASE_URL=self.url,
                        HTTP_PORT=str(self.site.port(first_port + number)),
                        REPLICA=str(number + 1),
                        **self.env,
                    )
                )
                for number in range(replicas)
            ]


async def joined(children: Sequence[Child]) -> None:
    """Returns once each process has partitions, and the group had time to share them out for the last that came."""
    for child in children:
        await says(child, '"consumer.assigned"')
    await asyncio.sleep(_SETTLED_SECONDS)


_SETTLED_SECONDS = 3.0


async def watched(site: Site, children: Sequence[Child], records: int, read: Read = read_line) -> Reading:
    """The speed of consumers, and the processor time of each, and of the servers, for a record."""
    names = [f"replica {number}" for number in range(1, len(children) + 1)] if len(children) > 1 else ["consumer"]
    own = {name: child.process.pid for name, child in zip(names, children, strict=True)}
    meter = Meter({**own, **server_pids(site.stack)})
    batches = await follow(children, records, meter.restart, read)
    used, reading = meter.used(), speed_of(batches, records)
    timed = sum(each.records for each in batches[1:])
    return Reading(reading.value, {**reading.where, **cost(used, timed, timed / reading.value)})


def cost(used: dict[str, float], records: int, seconds: float) -> dict[str, float]:
    """Microseconds of a core for a record, and how much of a core it kept busy, by process."""
    each = {f"{name} CPU us each": value * 1e6 / records for name, value in used.items() if name != "minio"}
    busy = {f"{name} % of a core": value * 100 / seconds for name, value in used.items() if name != "minio"}
    return {**each, **busy}


@asynccontextmanager
async def open_ledger(site: Site, users: int = USERS, url: str = "") -> AsyncIterator[Ledger]:
    """The stack's own ledger, or that of another database, with new accounts that never fill up."""
    url = url or site.info.databases["quota"]
    async with open_pool(DatabaseSettings(database_url=SecretStr(url))) as pool:
        await migrate(pool, "services.quota")
        rows = await pool.fetch(SQL["open_accounts"], users)
        yield Ledger(site, url, pool, [row["user_id"] for row in rows])
