"""A table of jobs in a schema of its own, and replicas that run one: in this process, or as a process of their own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from services.chassis.jobs import Job, Work, run_jobs
from services.chassis.metrics import Metrics
from services.chassis.postgres import Pool, load_sql, open_pool
from services.chassis.settings import DatabaseSettings
from tests.stack.chassis_servers import schema
from tests.stack.jobs_replica import NAME, WORKED

CHECKOUT = Path(__file__).parents[2]

NEVER_AGAIN = 3600.0
"""Seconds of a period in which a test sees one run."""


@dataclass
class Place:
    """A table of jobs in a schema of its own."""

    stack: Any
    settings: DatabaseSettings
    pool: Pool

    async def row(self) -> Mapping[str, Any]:
        row = await self.pool.fetchrow("SELECT * FROM jobs WHERE name = $1", NAME)
        return {} if row is None else dict(row)

    async def ended_well(self) -> bool:
        return (await self.row()).get("finished_at") is not None

    async def failed(self) -> bool:
        return (await self.row()).get("error") is not None

    async def make_due(self) -> None:
        await self.pool.execute("UPDATE jobs SET due_at = now()")

    async def note(self, who: str = "somebody") -> None:
        """One entry of `worked`."""
        await self.pool.execute("INSERT INTO worked (who, step) VALUES ($1, 0)", who)

    async def times(self) -> list[float]:
        """When each entry of `worked` was made, by the database's clock; seconds."""
        return [float(row["at"].timestamp()) for row in await self.pool.fetch("SELECT at FROM worked ORDER BY id")]

    async def steps(self, who: str) -> list[int]:
        """The steps that somebody took."""
        rows = await self.pool.fetch("SELECT step FROM worked WHERE who = $1 ORDER BY id", who)
        return [row["step"] for row in rows]

    async def end_holder(self) -> bool:
        """Ends the session that holds the lock, as an operator or a failover might; whether there was one."""
        ended = await self.pool.fetchval(
            """SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND
               classid::bigint << 32 | objid::bigint = hashtextextended('docuvault.job.' || current_schema() || $1, 0)
            """,
            f".{NAME}",
        )
        return bool(ended)


@asynccontextmanager
async def open_place(stack: Any) -> AsyncIterator[Place]:
    """It is gone afterwards."""
    async with schema(stack) as settings, open_pool(settings) as pool:
        await pool.execute(load_sql("services.chassis")["jobs_table"])
        await pool.execute(WORKED)
        yield Place(stack, settings, pool)


@dataclass
class Replica:
    """A replica in this process, with a pool of its own."""

    task: asyncio.Task[None]
    stop: asyncio.Event
    metrics: Metrics

    def value(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(name, {"work": NAME}) or 0.0


@asynccontextmanager
async def replica(at: Place, work: Work, every: float = NEVER_AGAIN, silence: float = 30.0) -> AsyncIterator[Replica]:
    """Runs the job until the end of the block, and must still run then."""
    async with open_pool(at.settings) as pool:
        stop, metrics = asyncio.Event(), Metrics(CollectorRegistry())
        job = Job(NAME, every, work)
        found = Replica(
            asyncio.create_task(run_jobs(pool, [job], stop, metrics, silence_seconds=silence)), stop, metrics
        )
        try:
            yield found
            assert not found.task.done(), "jobs never end a service"
        finally:
            stop.set()
            await asyncio.wait_for(found.task, 20)


@asynccontextmanager
async def process(at: Place, who: str, *, silence: float = 30.0, stops_after: int = 0) -> AsyncIterator[Any]:
    """A replica as a process; killed at the end of the block where it still runs."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stack.jobs_replica", who, str(silence), str(stops_after),
        env={
            "DATABASE_URL": at.settings.database_url.get_secret_value(),
            "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}",
        },
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()
