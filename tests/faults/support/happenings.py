"""What may befall the replicas of a group, drawn by chance: they are killed, leave and come back, or stall."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.faults.support.site import Site
from tests.faults.support.wire import Wire
from tests.stack.support.waiting import eventually

SERVICES = ("quota", "quota", "upload", "janitor")
"""The ledger's own service twice as often as another."""
GONE_SECONDS = 60.0


class Happenings:
    """Draws one happening after the other; `told` is what they were, in order."""

    def __init__(self, site: Site, wire: Wire, chance: random.Random, replicas: int) -> None:
        self._site = site
        self._wire = wire
        self._chance = chance
        self._replicas = replicas
        self.told: list[str] = []

    def next(self) -> AbstractAsyncContextManager[None]:
        """The next one: it has happened when the block is entered, and is over after its end, but for the rejoining."""
        draw = self._chance
        kind: Callable[[str], AbstractAsyncContextManager[None]] = draw.choice(
            (self._killed, self._away, self._stalled, self._stalled, self._two_stalled)
        )
        name = f"{draw.choice(SERVICES)}-{draw.randint(1, self._replicas)}"
        self.told.append(f"{name} {kind.__name__.strip('_').replace('_', ' ')}")
        return kind(name)

    @asynccontextmanager
    async def _killed(self, name: str) -> AsyncIterator[None]:
        await self._site.processes.kill(name)
        yield

    @asynccontextmanager
    async def _away(self, name: str) -> AsyncIterator[None]:
        async with self._site.processes.without(name):
            yield

    @asynccontextmanager
    async def _stalled(self, name: str) -> AsyncIterator[None]:
        async with self._site.processes.frozen(name):
            await self._given_up(name, 1)
            yield

    @asynccontextmanager
    async def _two_stalled(self, name: str) -> AsyncIterator[None]:
        """One replica is left to do all the work."""
        service, number = name.rpartition("-")[::2]
        other = f"{service}-{int(number) % self._replicas + 1}"
        async with self._site.processes.frozen(name), self._site.processes.frozen(other):
            await self._given_up(name, 2)
            yield

    async def _given_up(self, name: str, missing: int) -> None:
        """Returns when the group goes on without those who stall; one that was just killed may be missing, too."""
        group = name.rpartition("-")[0]

        async def goes_on_without() -> bool:
            return 0 < await self._wire.members(group) <= self._replicas - missing

        await eventually(goes_on_without, becomes=True, within=GONE_SECONDS)
