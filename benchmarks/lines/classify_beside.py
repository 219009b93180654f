"""What classification costs others: the ledger's decisions while documents are classified, beside the same without."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from benchmarks import classifying
from benchmarks.bucket import silent
from benchmarks.classifier_parts import Parts, open_parts
from benchmarks.cpu import Meter
from benchmarks.ledger import SQL, Ledger, open_ledger
from benchmarks.model import BenchError, Line, Pair, Reading, at_least
from benchmarks.papers.mix import mixed
from benchmarks.paperwork import deliveries, put, settings_of, users_with_topics
from benchmarks.site import Child, Site

USERS = 8
BEGUN = 6
"""Documents told of when it is at work with all it has: readers, model, the topics' vectors."""
BEGIN_SECONDS = 240.0
LONGER = 6
"""So many times the records of other lines, and of the papers: a reading has to last some seconds."""
_LOOK_SECONDS = 0.2


@dataclass
class Beside:
    """A ledger with notifications to decide, and documents to be classified."""

    ledger: Ledger
    parts: Parts

    async def alone(self) -> Reading:
        """The ledger's speed, with nobody else at work."""
        await self.ledger.pile_up()
        return await self.ledger.work()

    async def classified(self) -> Reading:
        """The same while documents are classified, more than come to their turn in that time."""
        await self._put_in_line()
        site = self.ledger.site
        async with site.running(classifying.__name__, _environment(site)) as child:
            await self._until_begun(child)
            await self.ledger.pile_up()
            reading = await self._decided(child)
        await self.parts.pool.execute(SQL["forget_documents"])
        return reading

    async def _put_in_line(self) -> None:
        async with silent(self.ledger.site.info):
            users = await users_with_topics(self.parts.pool, USERS)
            facts = await put(self.ledger.site, users, mixed(LONGER * self.ledger.site.options.papers))
        await self.parts.handler.handle(deliveries(facts))

    async def _until_begun(self, child: Child) -> None:
        end = time.monotonic() + BEGIN_SECONDS
        while await self.parts.pool.fetchval(SQL["count_told"]) < BEGUN:
            if (reason := child.ended()) or time.monotonic() > end:
                raise BenchError(f"nothing is classified: {reason or 'too slow'}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def _decided(self, child: Child) -> Reading:
        """The ledger's speed, and the classifier's. Raises BenchError where that was done first."""
        told, started = await self.parts.pool.fetchval(SQL["count_told"]), time.monotonic()
        meter = Meter({"classifier": child.process.pid})
        reading = await self.ledger.work()
        seconds, busy = time.monotonic() - started, meter.used()["classifier"]
        told = await self.parts.pool.fetchval(SQL["count_told"]) - told
        if child.ended() or not await self.parts.pool.fetchval(SQL["count_in_line"]):
            raise BenchError(f"all was classified before all was decided: {child.ended()}; ask for more --papers")
        share = {"classified/s": told / seconds, "classifier % of a core": busy * 100 / seconds}
        return replace(reading, where={**share, **reading.where})


def _environment(site: Site) -> dict[str, str]:
    return {"PYTHONUNBUFFERED": "1", **site.environment("classifier")}


@asynccontextmanager
async def _beside_nothing(site: Site) -> AsyncIterator[Pair]:
    longer = replace(site, options=replace(site.options, records=LONGER * site.options.records))
    async with open_ledger(longer) as ledger, open_parts(settings_of(site)) as parts:
        await parts.pool.execute(SQL["forget_documents"])
        beside = Beside(ledger, parts)
        yield Pair(beside.classified, beside.alone)


LINE = Line(
    "decisions/s while documents are classified on the same cores",
    "the same with nothing classified",
    at_least(0.9),
    _beside_nothing,
    seconds=3600.0,
)
