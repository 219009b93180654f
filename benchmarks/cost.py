"""`python -m benchmarks.cost`: what an upload costs of a core, by step and by process, from its URL to its topic.

Each step is done to all documents at a steady pace before the next one begins, with what the processes take anyway,
measured idle, taken off. The classifier joins for the last step alone; its start and its first documents do not count.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from benchmarks import wire
from benchmarks.__main__ import quiet
from benchmarks.asking import listens
from benchmarks.batches import says
from benchmarks.cpu import Meter, server_pids
from benchmarks.documents import Waiting
from benchmarks.http_exchange import accepted
from benchmarks.ledger import SQL, Ledger, open_ledger
from benchmarks.marked import put_between
from benchmarks.model import BenchError
from benchmarks.options import Options
from benchmarks.pace import Lending, lending, paced
from benchmarks.papers.mix import THEMES
from benchmarks.paperwork import settings_of, topics_of
from benchmarks.site import Child, Site, open_site
from deploy.local.console import say
from deploy.local.errors import StackError, one_line
from deploy.ops.users import access_token
from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, open_pool

PAGE = Path(__file__).parents[1] / "docs" / "scaling.md"
STEPS = ("URL", "PUT → decided", "confirm", "→ topic")
USERS = 8
CONNECTIONS = 16
IDLE_SECONDS = 10.0
SETTLED_SECONDS = 5.0
"""After a step: what goes on behind its answers ends, and belongs to it."""
PATIENCE_SECONDS = 300.0
CLASSIFIED = 200
"""So many, after a tenth of the documents: they cost a hundred times as much as all else."""

Costs = Mapping[str, Mapping[str, float]]
"""Seconds of a core for one document, by step and by process."""


@dataclass
class Course:
    """All documents on their way, in step. `pids` are the processes that are watched."""

    ledger: Ledger
    api: Lending
    store: Lending
    pids: dict[str, int]
    number: int
    pace: float
    documents: list[Waiting] = field(default_factory=list)
    idle: Mapping[str, float] = field(default_factory=dict)

    async def rest(self) -> None:
        """What a second costs in which nobody asks for anything."""
        meter = Meter(self.pids)
        await asyncio.sleep(IDLE_SECONDS)
        self.idle = {name: used / IDLE_SECONDS for name, used in meter.used().items()}

    async def spent(self, work: Awaitable[int]) -> Mapping[str, float]:
        """What the work took of a core for each document, by process; it says how many these were."""
        meter, started = Meter(self.pids), time.monotonic()
        documents = await work
        seconds = time.monotonic() - started
        used = meter.used().items()
        return {name: max(0.0, each - self.idle.get(name, 0.0) * seconds) / documents for name, each in used}

    async def settled(self, work: Awaitable[None]) -> int:
        """All documents, once what goes on behind the answers has ended."""
        await work
        await asyncio.sleep(SETTLED_SECONDS)
        return self.number

    async def urls(self) -> None:
        """Asks for the URL of each document, the users taking turns."""
        tokens = [access_token(self.ledger.site.info, user) for user in self.ledger.users]
        owners = [tokens[each % len(tokens)] for each in range(self.number)]
        answers = await paced([partial(self.api.ask, wire.upload_url(token)) for token in owners], self.pace)
        made = [json.loads(accepted(answer).body) for answer in answers]
        self.documents = [
            Waiting(
                wire.put(each["upload_url"], _letter(number)),
                wire.confirm(token, each["document_id"]),
                wire.document(token, each["document_id"]),
            )
            for number, (token, each) in enumerate(zip(owners, made, strict=True))
        ]

    async def puts(self) -> None:
        """Puts the bytes, and waits until the ledger has decided."""
        before = await self._reserved()
        await self._all(self.store, [each.put for each in self.documents])
        await _until(self._reserved, before + self.number)

    async def confirms(self) -> None:
        """Confirms all, which are decided by now."""
        await self._all(self.api, [each.confirm for each in self.documents])

    async def _all(self, server: Lending, requests: Sequence[bytes]) -> None:
        for answer in await paced([partial(server.ask, each) for each in requests], self.pace):
            accepted(answer)

    async def _reserved(self) -> int:
        return int(await self.ledger.pool.fetchval(SQL["count_reserved"]))


def _letter(number: int) -> bytes:
    """A thousand bytes about one of the topics."""
    texts = list(THEMES.values())
    return (f"Letter {number}. " + texts[number % len(texts)] * 10).encode()[:1000]


async def _until(count: Callable[[], Awaitable[int]], wanted: float) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while (found := await count()) < wanted:
        if time.monotonic() > end:
            raise BenchError(f"{found} of {wanted:.0f} after {PATIENCE_SECONDS:.0f} s")
        await asyncio.sleep(0.1)


async def measure(site: Site, number: int, pace: float) -> Costs:
    """The costs, in the order of the steps. Raises BenchError where a step does not come to its end."""
    own = settings_of(site)
    async with open_ledger(site, USERS) as ledger, open_pool(own) as pool, _running(site, ledger) as children:
        await migrate(pool, "services.classifier")
        await topics_of(pool, ledger.users)
        pids = {name: child.process.pid for name, child in children.items()} | server_pids(site.stack)
        store_port = urlsplit(site.info.minio_url).port or 0
        async with lending(site.port(1), CONNECTIONS) as api, lending(store_port, CONNECTIONS) as store:
            course = Course(ledger, api, store, pids, number, pace)
            await course.urls()  # warm
            await course.puts()
            await course.confirms()
            await course.rest()
            works = (course.urls, course.puts, course.confirms)
            answered = zip(STEPS, works, strict=False)
            found = {step: await course.spent(course.settled(work())) for step, work in answered}
            return {**found, STEPS[-1]: await _classified(site, course, pool)}


async def _classified(site: Site, course: Course, pool: Pool) -> Mapping[str, float]:
    """Some of what waits for the classifier, which hears of it now."""

    async def filed() -> int:
        return int(await pool.fetchval(SQL["count_filed"]))

    async def work() -> int:
        before = await filed()
        await _until(filed, before + min(CLASSIFIED, course.number))
        return await filed() - before

    async with site.service("classifier", HTTP_PORT=str(site.port(5)), CLASSIFIER_NICE="0") as child:
        course.pids["classifier"] = child.process.pid
        await _until(filed, course.number // 10)
        return await course.spent(work())


@asynccontextmanager
async def _running(site: Site, ledger: Ledger) -> AsyncIterator[Mapping[str, Child]]:
    """The services but the classifier, with their partitions."""
    async with (
        ledger.serving(first_port=2) as (quota,),
        site.service("upload", HTTP_PORT=str(site.port(1))) as upload,
        site.service("janitor", HTTP_PORT=str(site.port(4))) as janitor,
    ):
        children = {"upload": upload, "quota": quota, "janitor": janitor}
        await listens(upload, site.port(1))
        await asyncio.gather(*(says(child, '"consumer.assigned"') for child in children.values()))
        yield children


def table(costs: Costs) -> str:
    """Microseconds of a core for one upload; and, of a million, hours of a core."""
    rows = {name: [costs[step].get(name, 0.0) * 1e6 for step in STEPS] for name in costs[STEPS[-1]]}
    rows["all"] = [sum(costs[step].values()) * 1e6 for step in STEPS]
    lines = [f"| µs of a core | {' | '.join(STEPS)} | all | hours, of a million |", f"| --- {'| ---: ' * 6}|"]
    for name, each in rows.items():
        cells = " | ".join(f"{value:,.0f}" for value in (*each, sum(each)))
        lines.append(f"| {name} | {cells} | {sum(each) / 3600:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Measures, shows the table, and writes it into docs/scaling.md unless told otherwise."""
    parser = ArgumentParser(prog="benchmarks.cost", description="What an upload costs, by step and by process.")
    parser.add_argument("--number", type=int, default=1000, help="of documents; default 1000")
    parser.add_argument("--pace", type=float, default=40.0, help="of each step; a second, default 40")
    parser.add_argument("--show", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    with open_site(Options()) as site:
        found = table(uvloop.run(measure(site, arguments.number, arguments.pace)))
    say(found)
    if not arguments.show:
        PAGE.write_text(put_between(PAGE.read_text(), "cost", found))


if __name__ == "__main__":
    quiet()
    try:
        main()
    except (BenchError, StackError) as error:
        sys.exit(f"cost: {one_line(error)}")
    except KeyboardInterrupt:
        sys.exit("cost: interrupted")
