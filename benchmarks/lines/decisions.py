"""Decisions a second over 1,000 users: Kafka, decision committed, event published, offsets committed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import asyncpg
from docuvault_contracts import topics
from pydantic import SecretStr

from benchmarks import bare_pair, pgbench
from benchmarks.backlog import pile_up, skip_to_end
from benchmarks.batches import follow, speed_of
from benchmarks.model import BenchError, Line, Pair, Reading
from benchmarks.site import Site
from services.chassis.migrations import migrate
from services.chassis.postgres import load_sql, open_pool
from services.chassis.settings import DatabaseSettings

USERS = 1000
RECORDS = 20_000
SQL = load_sql("benchmarks")


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger with accounts, that works off what is piled up for it."""

    site: Site
    pool: asyncpg.Pool[asyncpg.Record]
    users: Sequence[UUID]

    async def work(self) -> Reading:
        """The real service, as a process, on RECORDS notifications. Raises BenchError where it does not decide each."""
        before = await self.pool.fetchval(SQL["count_reserved"])
        async with self.site.service("quota", HTTP_PORT=str(self.site.port(1))) as child:
            reading = speed_of(await follow(child, RECORDS), RECORDS)
        decided = await self.pool.fetchval(SQL["count_reserved"]) - before
        if decided != RECORDS:
            raise BenchError(f"of {RECORDS} objects the ledger reserved {decided}")
        return reading


@asynccontextmanager
async def _ledger(site: Site) -> AsyncIterator[Ledger]:
    async with open_pool(DatabaseSettings(database_url=SecretStr(site.info.databases["quota"]))) as pool:
        await migrate(pool, "services.quota")
        rows = await pool.fetch(SQL["open_accounts"], USERS)
        yield Ledger(site, pool, [row["user_id"] for row in rows])


@asynccontextmanager
async def _beside_pgbench(site: Site) -> AsyncIterator[Pair]:
    floors = await asyncpg.connect(site.floors_url)
    try:
        await floors.execute(SQL["make_pgbench_accounts"])
        await floors.execute(SQL["fill_pgbench_accounts"], pgbench.ROWS)
    finally:
        await floors.close()
    async with _ledger(site) as ledger:
        yield Pair(ledger.work, partial(pgbench.charge, site), partial(pile_up, site, ledger.users, RECORDS))


@asynccontextmanager
async def _beside_bare_pair(site: Site) -> AsyncIterator[Pair]:
    async def pump() -> Reading:
        env = {"KAFKA_BOOTSTRAP_SERVERS": site.info.kafka_bootstrap}
        async with site.running(bare_pair.__name__, env) as child:
            return speed_of(await follow(child, RECORDS), RECORDS)

    await skip_to_end(site, bare_pair.GROUP, topics.STORAGE_EVENTS)
    async with _ledger(site) as ledger:
        yield Pair(ledger.work, pump, partial(pile_up, site, ledger.users, RECORDS))


BESIDE_PGBENCH = Line(
    "decisions/s, 1,000 users",
    f"pgbench, {pgbench.CLIENTS} clients, conditional UPDATE of one of {pgbench.ROWS:,} rows",
    goal=1.0,
    open=_beside_pgbench,
)
BESIDE_BARE_PAIR = Line(
    "decisions/s, 1,000 users, to a bare pair",
    "a consumer and a producer that decide nothing, same batches",
    goal=0.8,
    open=_beside_bare_pair,
)
