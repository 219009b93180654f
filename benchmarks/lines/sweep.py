"""What the janitor's sweep costs others: the ledger's decisions while it runs, beside the same without it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from docuvault_contracts import topics

from benchmarks.backlog import skip_to_end
from benchmarks.batches import read_decided
from benchmarks.cpu import Meter
from benchmarks.due import DueUploads, open_due
from benchmarks.ledger import Ledger, open_ledger
from benchmarks.memory import Watch
from benchmarks.model import BenchError, Goal, Limit, Line, Pair, Reading, at_least
from benchmarks.site import Child, Site
from services.janitor.sweep import SLICE
from services.quota.__main__ import GROUP

BEGIN_SECONDS = 60.0
LOOK_SECONDS = 0.2
SWEEP = "sweep"
LONGER = 3
"""So many times the records of other lines: a reading has to see several slices of the sweep."""


@dataclass
class Beside:
    """A ledger with notifications to decide, and a janitor with uploads to look up."""

    ledger: Ledger
    due: DueUploads

    @property
    def _uploads(self) -> int:
        return self.ledger.site.options.uploads

    async def prepare(self) -> None:
        """All uploads are due."""
        await self.due.refill(self._uploads)

    async def alone(self) -> Reading:
        """The ledger's speed, with nobody else at work."""
        await self.ledger.pile_up()
        return await self.ledger.work(read_decided)

    async def swept(self) -> Reading:
        """The same while the sweep is at work, all of the time; it is cut off when the decisions are done."""
        await self.ledger.pile_up()
        site = self.ledger.site
        async with site.service("janitor", SWEEP, "--json") as sweep:
            await self._begun(sweep)
            watch = Watch({SWEEP: sweep.process.pid})
            async with watch.running():
                reading = await self._decided(sweep)
        await skip_to_end(site, GROUP, topics.STORAGE_JANITOR)  # what the sweep said is not for the floor to read
        slices = {"largest transaction rows": await self.due.largest_slice(), "sweep MB": max(watch.samples[SWEEP])}
        return replace(reading, where={**slices, **reading.where})

    async def _decided(self, sweep: Child) -> Reading:
        """The ledger's speed, and the sweep's. Raises BenchError where the sweep was over first."""
        left, started, meter = await self.due.left(), time.monotonic(), Meter({SWEEP: sweep.process.pid})
        reading = await self.ledger.work(read_decided)
        seconds, done = time.monotonic() - started, left - await self.due.left()
        if sweep.ended() or done == left:
            raise BenchError(f"the sweep was over before the decisions were: {sweep.ended()}; ask for more --uploads")
        busy = meter.used()[SWEEP] * 100 / seconds
        return replace(reading, where={"swept/s": done / seconds, "sweep % of a core": busy, **reading.where})

    async def _begun(self, sweep: Child) -> None:
        """Returns once the first slice is recorded."""
        end = time.monotonic() + BEGIN_SECONDS
        while await self.due.left() == self._uploads:
            if (reason := sweep.ended()) or time.monotonic() > end:
                raise BenchError(f"the sweep does not begin: {reason or 'too slow'}")
            await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def _beside_nothing(site: Site) -> AsyncIterator[Pair]:
    await skip_to_end(site, GROUP, topics.STORAGE_JANITOR)
    longer = replace(site, options=replace(site.options, records=LONGER * site.options.records))
    async with open_ledger(longer) as ledger, open_due(site) as due:
        beside = Beside(ledger, due)
        yield Pair(beside.swept, beside.alone, beside.prepare)
        await due.refill(0)


LINE = Line(
    "decisions/s beside a sweep of 100,000 pending rows",
    "the same with no sweep",
    at_least(0.9),
    _beside_nothing,
    limits=(
        Limit("largest transaction rows", Goal(SLICE, "at most")),
        Limit("sweep MB", Goal(80, "at most")),
    ),
    seconds=3600.0,
)
