"""Memory of the services under a steady load, beside a bare process with the same drivers and the same load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from docuvault_contracts import topics

from benchmarks import bare_pair, bare_whole, wire
from benchmarks.asking import listens
from benchmarks.backlog import piled_up, skip_to_end
from benchmarks.bare_confirm import ECHO
from benchmarks.batches import says
from benchmarks.documents import requested, uploaded
from benchmarks.due import DueUploads, open_due
from benchmarks.http_exchange import exchange
from benchmarks.ledger import Ledger, open_ledger
from benchmarks.memory import Watch
from benchmarks.model import BenchError, Goal, Limit, Line, Pair, Reading
from benchmarks.site import Child, Site
from deploy.local.setup_kafka import setup_kafka
from deploy.ops.users import access_token
from services.janitor.parsing import GROUP as JANITOR
from services.upload.handler import GROUP

USERS = 64
A_SECOND = 25
RECORDS_A_SECOND = 200
AT_ONCE = 8
OURS = ("upload", "quota", "janitor")
REFUSED = 5
"""One of so many users has an account that is full: what is put there is removed."""
DUE_A_SECOND = 170
"""Uploads that the janitor's sweep has to look up, as many as it comes to: all of the time it is at work."""
SWEEP_SECONDS = 10
"""The period of the sweep."""


@dataclass
class Soak:
    """Uploads from URL to confirm, notifications and a sweep beside them; the bare process is told as much."""

    ledger: Ledger
    full: Sequence[UUID]
    due: DueUploads
    ours: int
    bare: int
    tokens: Sequence[str]
    watch: Watch
    seconds: float
    readings: dict[str, Reading] = field(default_factory=dict)

    async def window(self) -> None:
        """The load for a part of the time, and what is held at its end."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.seconds
        removed = await self.due.removed()
        left = await self.due.left()
        due = max(1, round(DUE_A_SECOND * self.seconds))
        await self.due.add(due)
        async with self.watch.running():
            while (now := loop.time()) < end:
                await asyncio.gather(self._uploads(), self._notifications(), self._asks_the_bare())
                await asyncio.sleep(max(0.0, now + 1 - loop.time()))
        janitor = {"removed": await self.due.removed() - removed, "swept": left + due - await self.due.left()}
        if not all(janitor.values()):
            raise BenchError(f"the janitor had nothing to do: {janitor}")
        looks = max(1, round(self.seconds / 2))
        held = {f"{name} MB": self.watch.recent(name, looks) for name in self.watch.pids}
        held["janitor MB"] = self.watch.most("janitor", looks)
        growth = {"growth MB": max(self.watch.growth(name) for name in OURS)}
        self.readings["subject"] = Reading(max(held[f"{name} MB"] for name in OURS), {**held, **growth, **janitor})
        self.readings["floor"] = Reading(held["bare MB"])

    async def _uploads(self) -> None:
        documents = await requested(self.ours, self.tokens, A_SECOND)
        await uploaded(self.ledger.site.info.minio_url, documents)
        await exchange(self.ours, [each.confirm for each in documents], AT_ONCE)

    async def _notifications(self) -> None:
        async with piled_up(self.ledger.site, [*self.ledger.users, *self.full], RECORDS_A_SECOND):
            pass

    async def _asks_the_bare(self) -> None:
        await exchange(self.bare, [wire.upload_url("none")] * A_SECOND, AT_ONCE)

    async def subject(self) -> Reading:
        """What ours held."""
        return self.readings["subject"]

    async def floor(self) -> Reading:
        """What the bare process held at the same time."""
        return self.readings["floor"]


@asynccontextmanager
async def _soak(site: Site) -> AsyncIterator[Pair]:
    await setup_kafka(site.info.kafka, [ECHO])
    for group, topic in ((GROUP, topics.QUOTA), (JANITOR, topics.QUOTA), (JANITOR, topics.DOCUMENTS)):
        await skip_to_end(site, group, topic)
    await skip_to_end(site, bare_pair.GROUP, topics.STORAGE_EVENTS)
    async with open_ledger(site, USERS) as ledger, open_due(site) as due, AsyncExitStack() as stack:
        await due.refill(0)
        full = await ledger.open_full(USERS // (REFUSED - 1))
        ours, theirs = site.port(1), site.port(3)
        env = {
            "DATABASE_URL": site.floors_url,
            "HTTP_PORT": str(theirs),
            **site.info.kafka_environment,
            bare_pair.TOPIC: ECHO.name,
        }
        (quota,) = await stack.enter_async_context(ledger.serving(first_port=2))
        upload = await stack.enter_async_context(site.service("upload", HTTP_PORT=str(ours)))
        period = {"SWEEP_EVERY_SECONDS": str(SWEEP_SECONDS), "HTTP_PORT": str(site.port(4))}
        janitor = await stack.enter_async_context(site.service("janitor", **period))
        bare = await stack.enter_async_context(site.running(bare_whole.__name__, env))
        await _ready({ours: upload, theirs: bare}, (upload, quota, janitor))
        tokens = [access_token(site.info, user) for user in ledger.users]
        children = {"upload": upload, "quota": quota, "janitor": janitor, "bare": bare}
        watch = Watch({name: child.process.pid for name, child in children.items()})
        soak = Soak(
            ledger, full, due, ours, theirs, tokens, watch, site.options.soak_minutes * 60 / site.options.rounds
        )
        yield Pair(soak.subject, soak.floor, soak.window)


async def _ready(servers: dict[int, Child], consumers: Sequence[Child]) -> None:
    await asyncio.gather(*(listens(child, port) for port, child in servers.items()))
    await asyncio.gather(*(says(child, '"consumer.assigned"') for child in consumers))


def _at_most(most: float) -> Goal:
    return Goal(most, "at most")


LINE = Line(
    "RSS under load, the largest of upload, quota and janitor",
    "bare aiohttp + asyncpg + aiokafka in one process",
    Goal(80, "at most", "value"),
    _soak,
    unit="MB",
    limits=(*(Limit(f"{name} MB", _at_most(80)) for name in OURS), Limit("growth MB", _at_most(2))),
    seconds=3 * 3600.0,
)
