"""The bucket audit: a walk of the store beside the janitor's rows, beside a bare listing of the same objects."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
import psutil
from docuvault_contracts.cloudevents import Message
from yarl import URL

from benchmarks import wire
from benchmarks.janitor import Janitor, keys_of, open_janitor
from benchmarks.ledger import SQL
from benchmarks.model import BenchError, Goal, Limit, Line, Pair, Reading, at_least
from benchmarks.site import Site
from services.chassis.presign import Presigner
from services.janitor.reconcile import Reconciler
from services.janitor.reconcile_progress import Manner, Nowhere, Progress
from services.janitor.reconcile_rows import PgRows
from services.janitor.reconcile_rules import Difference

USERS = 1000
AT_FULL_SPEED = 1e9
_TOKEN = re.compile(rb"<NextContinuationToken>(.*?)</NextContinuationToken>")
_SETTLED = 5
"""The share of a walk, one in so many, in which the process's memory finds its size."""


@dataclass
class Memory:
    """Listens to a walk: what the process held once a part of it was done, and what it holds at most after; bytes."""

    objects: int
    seen: int = 0
    settled: int = 0
    most: int = 0
    differences: list[Difference] = field(default_factory=list)

    def found(self, difference: Difference) -> None:
        """There must be none."""
        self.differences.append(difference)

    def passed(self, objects: int, progress: Progress) -> None:  # noqa: ARG002 - as the protocol has it
        """A look."""
        self.seen += objects
        held = psutil.Process().memory_info().rss
        if self.seen <= self.objects // _SETTLED:
            self.settled = held
        self.most = max(self.most, held)


class Nobody:
    """Publishes nothing, since there is nothing to say."""

    async def publish(self, messages: Sequence[Message], /) -> None:
        """Raises BenchError where there is."""
        if messages:
            raise BenchError("an object that is paid for was said to differ")


@dataclass(frozen=True, slots=True)
class Audit:
    """A bucket full of objects that are paid for."""

    janitor: Janitor
    number: int

    async def subject(self) -> Reading:
        """The janitor's walk, unthrottled."""
        memory = Memory(self.number)
        settings = self.janitor.settings
        manner = Manner(0, AT_FULL_SPEED, settings.looks_at_once)
        rows = PgRows(self.janitor.pool, settings.sweep_grace_seconds)
        reconciler = Reconciler(self.janitor.storage, rows, Nobody(), manner, memory)
        reading = await self.janitor.timed(lambda: reconciler.walk(Nowhere()), self.number)
        if memory.seen != self.number or memory.differences:
            raise BenchError(f"of {self.number} objects {memory.seen} were seen, {len(memory.differences)} differ")
        return replace(reading, where={**reading.where, "growth MB": (memory.most - memory.settled) / 1e6})

    async def floor(self) -> Reading:
        """All pages, read and thrown away."""
        info = self.janitor.site.info
        root = info.store_keys["root"]
        base = f"{info.minio_url}/{self.janitor.settings.minio_bucket}/"
        presigner = Presigner(base, info.minio_region, root.access_key, root.secret_key)
        async with aiohttp.ClientSession(headers={"Accept-Encoding": "identity"}, raise_for_status=True) as session:
            return await self.janitor.timed(lambda: _list(session, presigner, self.number), self.number)


async def _list(session: aiohttp.ClientSession, presigner: Presigner, number: int) -> None:
    place: tuple[tuple[str, str], ...] = ()
    found = 0
    while found == 0 or place:
        query = (*place, ("encoding-type", "url"), ("list-type", "2"), ("max-keys", "1000"))
        url = presigner.bucket_url(60, datetime.now(UTC), query)
        async with session.get(URL(url, encoded=True)) as response:
            body = await response.read()
        found += body.count(b"<Contents>")
        token = _TOKEN.search(body)
        place = (("continuation-token", token[1].decode()),) if token else ()
    if found != number:
        raise BenchError(f"of {number} objects {found} were listed")


@asynccontextmanager
async def _audit(site: Site) -> AsyncIterator[Pair]:
    async with open_janitor(site) as janitor:
        users = min(USERS, site.options.objects)
        keys = [key for _ in range(users) for key in keys_of(uuid4(), site.options.objects // users)]
        await janitor.put(keys)
        etag = hashlib.md5(wire.CONTENT, usedforsecurity=False).hexdigest()
        await janitor.pool.execute(SQL["fill_objects"], keys, etag, len(wire.CONTENT))
        await janitor.pool.execute("ANALYZE objects")
        audit = Audit(janitor, len(keys))
        try:
            yield Pair(audit.subject, audit.floor)
        finally:
            await janitor.pool.execute("DELETE FROM objects WHERE object_key = ANY ($1)", keys)


LINE = Line(
    "objects/s of the bucket audit",
    "a bare listing of the same objects, read and thrown away",
    at_least(0.7),
    _audit,
    limits=(Limit("growth MB", Goal(5, "at most")),),
    seconds=1800.0,
)
