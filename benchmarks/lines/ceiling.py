"""PUT → decided: the store's own ceiling of small PUTs while the ledger decides them, beside it without a ledger."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit
from uuid import UUID

from docuvault_contracts import topics
from docuvault_contracts.keys import make_key, new_document_id

from benchmarks import wire
from benchmarks.backlog import Count, counted, settled_end, skip_to_end
from benchmarks.batches import Tail, read_line, says
from benchmarks.cpu import Meter, server_pids
from benchmarks.http_exchange import Connection, accepted, connections
from benchmarks.lag import Lag
from benchmarks.ledger import SQL, Ledger, open_ledger
from benchmarks.model import BenchError, Goal, Limit, Line, Pair, Reading, at_least
from benchmarks.site import Child, Site
from services.quota.__main__ import GROUP

CONNECTIONS = 16
SHORT = 5
"""All readings but the last subject's take this part of the time."""
LOOK_SECONDS = 0.25
DRAIN_SECONDS = 60.0


@dataclass
class Putting:
    """PUTs on kept connections, each the next when one is answered."""

    site: Site
    users: Iterator[UUID]
    acked: int = 0

    async def put_for(self, seconds: float) -> float:
        """The speed."""
        before, started = self.acked, time.monotonic()
        port = urlsplit(self.site.info.minio_url).port or 0
        async with connections(port, CONNECTIONS) as opened:
            await asyncio.gather(*(self._until(started + seconds, each) for each in opened))
        return (self.acked - before) / (time.monotonic() - started)

    async def _until(self, end: float, connection: Connection) -> None:
        while time.monotonic() < end:
            key = str(make_key(next(self.users), new_document_id(), "scan.pdf"))
            accepted(await connection.ask(wire.put(wire.presigned(self.site.info, "PUT", key))))
            self.acked += 1


@dataclass
class Behind:
    """The ledger behind Kafka, which is its lag, and the store's own queue before it: what Kafka was not told yet."""

    ledger: Lag = field(default_factory=Lag)
    store: Lag = field(default_factory=Lag)

    def see(self, put: int, told: int, decided: int) -> None:
        """One sample of both, of objects since the start."""
        self.store.see(put - told)
        self.ledger.see(told - decided)


@dataclass
class Ceiling:
    """The same PUTs with and without the ledger."""

    ledger: Ledger
    putting: Putting
    round: int = 0
    lag: Lag = field(default_factory=Lag)

    @property
    def _seconds(self) -> float:
        return self.ledger.site.options.ceiling_seconds / SHORT

    async def prepare(self) -> None:
        """Counts the rounds."""
        self.round += 1

    async def alone(self) -> Reading:
        """Nobody reads what the store says; it is skipped afterwards."""
        meter, started = self._meter({}), time.monotonic()
        speed = await self.putting.put_for(self._seconds)
        reading = Reading(speed, _busy(meter, time.monotonic() - started))
        await settled_end(self.ledger.site, topics.STORAGE_EVENTS)
        await skip_to_end(self.ledger.site, GROUP, topics.STORAGE_EVENTS)
        return reading

    async def decided(self) -> Reading:
        """The ledger decides meanwhile; the last round takes all of the time, and tells how the lag went."""
        last = self.round == self.ledger.site.options.rounds
        seconds = self._seconds * (SHORT if last else 1)
        before, acked = await self._reserved(), self.putting.acked
        async with self.ledger.serving() as (quota,):
            await says(quota, '"consumer.assigned"')
            meter, started = self._meter({"quota": quota.process.pid}), time.monotonic()
            speed, behind = await self._watched(quota, seconds)
            busy = _busy(meter, time.monotonic() - started)
        decided, put = await self._reserved() - before, self.putting.acked - acked
        if decided != put:
            raise BenchError(f"of {put} objects put the ledger reserved {decided}")
        lag = behind.ledger.summary(speed) if last else {}
        return Reading(speed, {**lag, **behind.store.summary(speed, "store's queue"), **busy})

    async def _watched(self, quota: Child, seconds: float) -> tuple[float, Behind]:
        """The speed, and who was how far behind all the while; returns once all is decided."""
        async with counted(self.ledger.site, topics.STORAGE_EVENTS) as count:
            return await self._until_decided(quota, seconds, count)

    async def _until_decided(self, quota: Child, seconds: float, count: Count) -> tuple[float, Behind]:
        behind, first, told, done = Behind(), self.putting.acked, await count(), 0
        putting = asyncio.create_task(self.putting.put_for(seconds))
        end = time.monotonic() + seconds + DRAIN_SECONDS
        with quota.log.open() as log:
            tail = Tail(log)
            while not putting.done() or done < self.putting.acked - first:
                if (reason := quota.ended()) or time.monotonic() > end:
                    putting.cancel()
                    raise BenchError(f"{done} of {self.putting.acked - first} PUTs decided; {reason or 'too slow'}")
                await asyncio.sleep(LOOK_SECONDS)
                done += sum(batch.published for batch in map(read_line, tail.lines()) if batch is not None)
                if not putting.done():
                    behind.see(self.putting.acked - first, await count() - told, done)
        return await putting, behind

    async def _reserved(self) -> int:
        return int(await self.ledger.pool.fetchval(SQL["count_reserved"]))

    def _meter(self, pids: dict[str, int]) -> Meter:
        return Meter({**pids, "load": os.getpid(), **server_pids(self.ledger.site.stack)})


def _busy(meter: Meter, seconds: float) -> dict[str, float]:
    return {f"{name} % of a core": used * 100 / seconds for name, used in meter.used().items()}


@asynccontextmanager
async def _ceiling(site: Site) -> AsyncIterator[Pair]:
    await settled_end(site, topics.STORAGE_EVENTS)
    await skip_to_end(site, GROUP, topics.STORAGE_EVENTS)
    async with open_ledger(site) as ledger:
        users: Sequence[UUID] = ledger.users
        found = Ceiling(ledger, Putting(site, cycle(users)))
        await found.alone()  # not counted: an empty store is faster than it will ever be again
        yield Pair(found.decided, found.alone, found.prepare)


LINE = Line(
    "PUT → decided, at the store's ceiling of 1 kB PUTs",
    "the ceiling with no consumers",
    at_least(0.9),
    _ceiling,
    limits=(Limit("lag growth s", Goal(1, "at most")),),
    seconds=900.0,
)
