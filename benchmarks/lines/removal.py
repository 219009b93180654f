"""Removal: refusals in, learnt and committed, looked at once more, deleted, recorded, said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from uuid import UUID, uuid4

from docuvault_contracts.events import QuotaRejected
from docuvault_contracts.keys import parse_key

from benchmarks.janitor import Janitor, keys_of, open_janitor
from benchmarks.model import BenchError, Line, Pair, Reading, at_least
from benchmarks.site import Site
from services.chassis.delivery import Delivery, Origin
from services.janitor.decide import Fact
from services.janitor.handler import JanitorHandler
from services.janitor.removal import Remover
from services.janitor.store import PgObjects

SHARE = 20
"""One object for so many of the audit's line."""


@dataclass
class Removing:
    """Two users' objects that have to go, one's by the janitor, the other's by a bare loop."""

    janitor: Janitor
    number: int
    ours: tuple[UUID, list[str]] = (UUID(int=0), [])
    bare: tuple[UUID, list[str]] = (UUID(int=0), [])
    _offsets: Iterator[int] = field(default_factory=count)

    async def prepare(self) -> None:
        """Puts the objects of both."""
        users = uuid4(), uuid4()
        self.ours, self.bare = ((user, keys_of(user, self.number)) for user in users)
        await self.janitor.put([*self.ours[1], *self.bare[1]])

    async def subject(self) -> Reading:
        """By the handler, in batches as large as the consumer's."""
        user, keys = self.ours
        batches = [[self._refused(key) for key in batch] for batch in _cut(keys, self.janitor.settings.kafka_max_batch)]
        objects = PgObjects(self.janitor.pool, self.janitor.settings.patience)
        handler = JanitorHandler(
            objects, Remover(objects, self.janitor.storage, self.janitor.settings.removals_at_once)
        )

        async def remove() -> None:
            for batch in batches:
                if len(await handler.handle(batch)) != len(batch):
                    raise BenchError("not every removal was said")

        reading = await self.janitor.timed(remove, len(keys))
        await self.janitor.must_hold_nothing_of(user)
        return reading

    async def floor(self) -> Reading:
        """By as many multi-deletes, one after the other."""
        user, keys = self.bare

        async def remove() -> None:
            for some in _cut(keys, self.janitor.settings.removals_at_once):
                await self.janitor.storage.delete_objects(some)

        reading = await self.janitor.timed(remove, len(keys))
        await self.janitor.must_hold_nothing_of(user)
        return reading

    def _refused(self, key: str) -> Delivery[Fact]:
        owner = parse_key(key)
        if owner is None:
            raise BenchError(f"{key} is no key of ours")
        fact = QuotaRejected(
            document_id=owner.document_id, user_id=owner.user_id, object_key=key, version=1, used_bytes=0,
            limit_bytes=0, decided_at=datetime.now(UTC), rejected_bytes=1000, etag="e", reason="over_quota",
        )  # fmt: skip
        return Delivery(fact, Origin("quota", 0, next(self._offsets)))


def _cut(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


@asynccontextmanager
async def _removal(site: Site) -> AsyncIterator[Pair]:
    async with open_janitor(site) as janitor:
        removing = Removing(janitor, max(1, site.options.objects // SHARE))
        yield Pair(removing.subject, removing.floor, removing.prepare)


LINE = Line(
    "removals/s of refused objects",
    "a bare loop of S3 multi-deletes, as many keys each",
    at_least(0.8),
    _removal,
)
