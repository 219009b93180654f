"""What a ledger of one size costs: its decisions, warm and cold, its replays, its bytes, its upkeep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from statistics import median
from uuid import UUID

import asyncpg
from docuvault_contracts import topics
from pydantic import SecretStr

from benchmarks.backlog import notification
from benchmarks.cpu import Meter, server_pids
from benchmarks.filled import users_of
from benchmarks.model import BenchError
from benchmarks.page_cache import recall, restart_cold
from benchmarks.site import Site
from services.chassis.delivery import Delivery, Record
from services.chassis.outbox import Outbox
from services.chassis.postgres import load_sql, open_pool
from services.chassis.settings import DatabaseSettings
from services.quota.handler import QuotaHandler
from services.quota.model import Fact
from services.quota.parsing import QuotaParser
from services.quota.store import PgLedger

BATCH, WARM_BATCHES, COLD_BATCHES, USERS = 500, 20, 4, 1000
SQL, QUOTA_SQL = load_sql("benchmarks"), load_sql("services.quota")


@dataclass
class Point:
    """The curve at one size; times are medians, us a decision or seconds, bytes a row or a decision."""

    rows: int
    users: int
    found: dict[str, float] = field(default_factory=dict)


class Desk:
    """Makes batches of notifications of new objects, and has the real handler decide them."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], bucket: str) -> None:
        self._parse = QuotaParser(bucket, 0)
        self._handler = QuotaHandler(PgLedger(pool, Outbox()))
        self._bucket = bucket
        self._number = time.time_ns()

    def batch(self, users: Sequence[UUID]) -> list[Delivery[Fact]]:
        """One object a user, in turn."""
        return [fact for number in range(BATCH) for fact in self._one(users[number % len(users)])]

    def _one(self, user: UUID) -> Sequence[Delivery[Fact]]:
        self._number += 1
        key, value = notification(self._bucket, user, self._number)
        return self._parse(Record(topics.STORAGE_EVENTS.name, 0, self._number, key, value, (), 0))

    async def decide(self, batches: Sequence[Sequence[Delivery[Fact]]]) -> float:
        """Microseconds a decision, of the median batch. Raises BenchError where one is not decided."""
        times = []
        for batch in batches:
            started = time.perf_counter()
            said = list(await self._handler.handle(batch))
            times.append((time.perf_counter() - started) * 1e6 / len(batch))
            if len(said) != len(batch):
                raise BenchError(f"of {len(batch)} facts {len(said)} were decided")
        return median(times)


async def measure(site: Site, rows: int, url: str) -> Point:
    """The point of the ledger at `url`, the role quota's."""
    point = Point(rows, users_of(rows))
    await restart_cold(site)
    async with open_pool(DatabaseSettings(database_url=SecretStr(url))) as pool:
        desk = Desk(pool, site.info.bucket)
        point.found["cold us"] = await desk.decide([desk.batch(await _some(pool)) for _ in range(COLD_BATCHES)])
        await asyncio.to_thread(recall, site)
        await _decide(site, pool, desk, point)
    async with _superuser(site, url) as connection:
        await _look(connection, point)
    return point


async def _some(pool: asyncpg.Pool[asyncpg.Record]) -> list[UUID]:
    return [row["user_id"] for row in await pool.fetch(SQL["some_users"], USERS)]


async def _decide(site: Site, pool: asyncpg.Pool[asyncpg.Record], desk: Desk, point: Point) -> None:
    batches = [desk.batch(await _some(pool)) for _ in range(WARM_BATCHES)]
    async with _superuser(site, site.info.databases["postgres"]) as server:
        await server.execute("CHECKPOINT")
        before, meter = await _written(server), Meter(server_pids(site.stack))
        point.found["warm us"] = await desk.decide(batches)
        decisions = BATCH * WARM_BATCHES
        point.found["PostgreSQL CPU us"] = meter.used()["postgres"] * 1e6 / decisions
        point.found["WAL bytes"] = (await _written(server) - before) / decisions
    point.found["replay us"] = await desk.decide(batches)


async def _written(server: asyncpg.Connection[asyncpg.Record]) -> int:
    return int(await server.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"))


async def _look(connection: asyncpg.Connection[asyncpg.Record], point: Point) -> None:
    sizes = await connection.fetchrow(SQL["sizes"])
    if sizes is None:
        raise BenchError("the ledger has no size")
    point.found["table bytes a row"] = sizes["table_bytes"] / sizes["rows"]
    point.found["index bytes a row"] = sizes["index_bytes"] / sizes["rows"]
    with _timed(point, "vacuum s"):
        await connection.execute("VACUUM quota.reservations")
    with _timed(point, "audit s"):
        await connection.fetch(QUOTA_SQL["audit_accounts"])


@contextmanager
def _timed(point: Point, name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    point.found[name] = time.perf_counter() - started


@asynccontextmanager
async def _superuser(site: Site, url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """To the database of `url`."""
    database = url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(site.info.databases["postgres"].rsplit("/", 1)[0] + f"/{database}")
    try:
        yield connection
    finally:
        await connection.close()
