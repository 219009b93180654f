"""After an outage of Kafka under load: until the ledger's lag is 0, beside a consumer that decides nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from urllib.parse import urlsplit
from uuid import UUID

from docuvault_contracts import topics
from docuvault_contracts.keys import make_key, new_document_id

from benchmarks import bare_pair, wire
from benchmarks.backlog import settled_end, skip_to_end
from benchmarks.cpu import Meter, server_pids
from benchmarks.http_exchange import accepted
from benchmarks.ledger import SQL, Ledger, open_ledger
from benchmarks.lines.decisions import SAME_BATCHES
from benchmarks.model import BenchError, Line, Pair, Reading, at_least
from benchmarks.outage import Following, Look, away, back, drained_at, following
from benchmarks.pace import Lending, lending, paced
from benchmarks.site import Child, Site
from services.quota.__main__ import GROUP

CONNECTIONS = 16
A_SECOND = 600
"""PUTs while Kafka is away: below the store's ceiling."""
MOST = 90_000
"""PUTs in all: a longer outage has fewer a second."""
FIRST = 32
"""PUTs that are read before the outage: then the consumer has its partitions."""


def pace_for(seconds: float) -> float:
    """PUTs a second in an outage of so many seconds."""
    return min(A_SECOND, MOST / seconds)


@dataclass
class Away:
    """A store that goes on taking PUTs while Kafka is away, and two groups that read of them when it is back."""

    ledger: Ledger
    store: Lending
    users: Iterator[UUID]
    put: int = 0
    readings: dict[str, Reading] = field(default_factory=dict)

    @property
    def _site(self) -> Site:
        return self.ledger.site

    async def decided(self) -> Reading:
        """The ledger's drain rate."""
        return self.readings[GROUP]

    async def read(self) -> Reading:
        """The bare pair's, after the same outage."""
        return self.readings[bare_pair.GROUP]

    async def prepare(self) -> None:
        """An outage. Raises BenchError where the ledger did not decide each object."""
        await skip_all(self._site)
        before, put = await self._reserved(), self.put
        env = {**self._site.info.kafka_environment, "KAFKA_MAX_BATCH": str(SAME_BATCHES)}
        async with self.ledger.serving() as (quota,), self._site.running(bare_pair.__name__, env) as bare:
            await self._through({GROUP: quota, bare_pair.GROUP: bare})
        decided = await self._reserved() - before
        if decided != self.put - put:
            raise BenchError(f"of {self.put - put} objects put the ledger reserved {decided}")

    async def _through(self, children: Mapping[str, Child]) -> None:
        """Both consumers are at the topic's end before, and once more when all that was put meanwhile is read."""
        async with both(self._site, children) as first:
            await self._puts(FIRST, A_SECOND)
            await asyncio.gather(*(each.until_at_rest(FIRST) for each in first))
        objects, outage = await self._outage()
        pids = {group: child.process.pid for group, child in children.items()}
        returned, meter = time.monotonic(), Meter({**pids, **server_pids(self._site.stack)})
        async with both(self._site, children, first[0].start) as then:
            looks = await asyncio.gather(*(each.until_at_rest(FIRST + objects) for each in then))
        for child in children.values():
            if reason := child.ended():
                raise BenchError(f"{child.log.stem}: {reason}")
        busy = {"outage s": outage} | {f"{name} CPU s": used for name, used in meter.used().items()}
        for group, seen in zip(children, looks, strict=True):
            self.readings[group] = drained(seen, returned, objects, busy)

    async def _outage(self) -> tuple[int, float]:
        """How many objects were put meanwhile, and the seconds from Kafka's stop until it answered again."""
        seconds, began = self._site.options.outage_seconds, time.monotonic()
        objects = max(1, round(seconds * pace_for(seconds)))
        async with away(self._site):
            await self._puts(objects, pace_for(seconds))
        await back(self._site)
        return objects, time.monotonic() - began

    async def _puts(self, number: int, a_second: float) -> None:
        await paced([self._put] * number, a_second)

    async def _put(self) -> None:
        key = str(make_key(next(self.users), new_document_id(), "scan.pdf"))
        accepted(await self.store.ask(wire.put(wire.presigned(self._site.info, "PUT", key))))
        self.put += 1

    async def _reserved(self) -> int:
        return int(await self.ledger.pool.fetchval(SQL["count_reserved"]))


def drained(looks: Sequence[Look], returned: float, objects: int, where: Mapping[str, float]) -> Reading:
    """Objects a second from Kafka's return on, until all were there and read, and for how long the store was waited."""
    done = drained_at(looks, objects)
    if done is None:
        raise BenchError(f"of {objects} objects not all were read")
    told = next(look.seconds for look in looks if look.told == looks[-1].told)
    found = {"objects": objects, "drain s": done - returned, "store told all s": told - returned}
    return Reading(objects / (done - returned), {**found, "lag most": max(look.lag for look in looks), **where})


async def skip_all(site: Site) -> None:
    """Neither group has anything to read. None may have members."""
    await settled_end(site, topics.STORAGE_EVENTS)
    for group in (GROUP, bare_pair.GROUP):
        await skip_to_end(site, group, topics.STORAGE_EVENTS)


@asynccontextmanager
async def both(site: Site, groups: Iterable[str], start: int | None = None) -> AsyncIterator[Sequence[Following]]:
    """The groups, watched; see `following`."""
    async with AsyncExitStack() as stack:
        ways = [following(site, group, topics.STORAGE_EVENTS, start) for group in groups]
        yield [await stack.enter_async_context(way) for way in ways]


@asynccontextmanager
async def _away(site: Site) -> AsyncIterator[Pair]:
    port = urlsplit(site.info.minio_url).port or 0
    async with open_ledger(site) as ledger, lending(port, CONNECTIONS) as store:
        found = Away(ledger, store, cycle(ledger.users))
        yield Pair(found.decided, found.read, found.prepare)


LINE = Line(
    "objects/s after Kafka was away, until the lag is 0",
    "a consumer and a producer that decide nothing, after the same outage",
    at_least(0.8),
    _away,
    seconds=4 * 3600.0,
)
