"""PUTs at a steady pace on the real servers, with and without a ledger: what they cost and how long they waited."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit
from uuid import UUID

from docuvault_contracts import topics
from docuvault_contracts.keys import make_key, new_document_id

from benchmarks import wire
from benchmarks.backlog import settled_end, skip_to_end
from benchmarks.batches import Logged, Tail, read_line, says
from benchmarks.cpu import Meter, server_pids
from benchmarks.http_exchange import accepted
from benchmarks.ledger import SQL, Ledger
from benchmarks.model import BenchError
from benchmarks.pace import Lending, lending, paced
from benchmarks.simulation.model import SAMPLE_SECONDS, Outcome
from benchmarks.site import Child
from services.quota.__main__ import GROUP

CONNECTIONS = 16
DRAIN_SECONDS = 90.0


@dataclass
class Run:
    """What was seen of a load: seconds of a core by process, of each PUT's answer, and the batches of the ledger."""

    rate: float
    outcome: Outcome
    cores: dict[str, float] = field(default_factory=dict)
    answers: list[float] = field(default_factory=list)
    batches: list[Logged] = field(default_factory=list)

    def core_each(self, *names: str) -> float:
        """Seconds of a core that these took for one object."""
        return sum(self.cores[name] for name in names) / self.outcome.put


class Load:
    """Where the PUTs go, each of the next user."""

    def __init__(self, ledger: Ledger, store: Lending) -> None:
        self._ledger, self._store = ledger, store
        self._users: Iterator[UUID] = cycle(ledger.users)

    async def alone(self, rate: float, seconds: float) -> Run:
        """Nobody reads what the store says of it; it is skipped afterwards, when the store has said all."""
        run, meter = Run(rate, Outcome(seconds)), self._meter({})
        await self._puts(run)
        await settled_end(self._ledger.site, topics.STORAGE_EVENTS)
        run.cores = meter.used()
        await skip_to_end(self._ledger.site, GROUP, topics.STORAGE_EVENTS)
        return run

    async def decided(self, rate: float, seconds: float) -> Run:
        """The ledger decides meanwhile, and afterwards what is left. Raises BenchError where it leaves any."""
        run, since = Run(rate, Outcome(seconds)), time.time_ns()
        async with self._ledger.serving() as (quota,):
            await says(quota, '"consumer.assigned"')
            meter = self._meter({"quota": quota.process.pid})
            await self._watched(run, quota)
            run.cores = meter.used()
        rows = await self._ledger.pool.fetch(SQL["decided_waits"], since)
        run.outcome.waits = [row["seconds"] for row in rows]
        if len(rows) != run.outcome.put:
            raise BenchError(f"of {run.outcome.put} objects put the ledger reserved {len(rows)}")
        return run

    async def _watched(self, run: Run, quota: Child) -> None:
        putting = asyncio.create_task(self._puts(run))
        end = time.monotonic() + run.outcome.seconds * 3 + DRAIN_SECONDS
        with quota.log.open() as log:
            tail, done = Tail(log), 0
            while not putting.done() or done < run.outcome.put:
                if (reason := quota.ended()) or time.monotonic() > end:
                    putting.cancel()
                    raise BenchError(f"{done} of {run.outcome.put} PUTs decided; {reason or 'too slow'}")
                await asyncio.sleep(SAMPLE_SECONDS)
                run.batches += [batch for batch in map(read_line, tail.lines()) if batch is not None]
                done = sum(batch.published for batch in run.batches)
                if not putting.done():
                    run.outcome.behind.append(run.outcome.put - done)
        await putting

    async def _puts(self, run: Run) -> None:
        """At that pace, or as fast as the store takes them: then it takes longer, and that is the load's time."""
        run.outcome.asked = round(run.rate * run.outcome.seconds)
        started = time.monotonic()
        await paced([lambda: self._put(run)] * run.outcome.asked, run.rate)
        run.outcome.seconds = time.monotonic() - started

    async def _put(self, run: Run) -> None:
        key = str(make_key(next(self._users), new_document_id(), "scan.pdf"))
        started = time.perf_counter()
        accepted(await self._store.ask(wire.put(wire.presigned(self._ledger.site.info, "PUT", key))))
        run.answers.append(time.perf_counter() - started)
        run.outcome.put += 1

    def _meter(self, pids: dict[str, int]) -> Meter:
        return Meter({**pids, "load": os.getpid(), **server_pids(self._ledger.site.stack)})


@asynccontextmanager
async def open_load(ledger: Ledger) -> AsyncIterator[Load]:
    """The load, on a ledger that has nothing to read."""
    await settled_end(ledger.site, topics.STORAGE_EVENTS)
    await skip_to_end(ledger.site, GROUP, topics.STORAGE_EVENTS)
    async with lending(urlsplit(ledger.site.info.minio_url).port or 0, CONNECTIONS) as store:
        yield Load(ledger, store)
