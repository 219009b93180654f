"""What faults work with: a stack under load, its processes, ways and disks, and what is to be made good in the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import asyncpg
from aiokafka.errors import KafkaError

from tests.campaign.room import Disks
from tests.campaign.users import Users
from tests.faults.support.processes import GONE
from tests.faults.support.site import Site
from tests.faults.support.toxiproxy import FaultProxy
from tests.faults.support.wire import Raw, Wire, open_wire

T = TypeVar("T")

REPLICAS = 2
BACK_SECONDS = 60.0
"""Within which a server that was killed or restarted must be back."""
RETRY_SECONDS = 0.3


@dataclass(slots=True)
class World:
    """One stack and its load. `delayed` are notifications that are said when the load is over.

    `skipped` is whether a group was ever made to skip records: only then may an operator be needed to heal.
    """

    site: Site
    users: Users
    disks: Disks
    triggers: Path
    delayed: list[Raw] = field(default_factory=list)
    skipped: bool = False

    def replica(self, service: str, chance: random.Random) -> str:
        """The name of one process of a service."""
        return f"{service}-{chance.randint(1, REPLICAS)}"

    def replicas(self, service: str) -> list[str]:
        """The names of all processes of a service."""
        return [f"{service}-{number}" for number in range(1, REPLICAS + 1)]

    def way(self, name: str) -> FaultProxy:
        """The proxy of a way, as "quota_kafka"."""
        return FaultProxy(self.site.info.fault_proxy_url, name)

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        """Kafka from the outside; waited for, as it may just have been restarted."""
        async with AsyncExitStack() as opened:
            async with asyncio.timeout(BACK_SECONDS):
                wire = await persist(lambda: opened.enter_async_context(open_wire(self.site.info)))
            yield wire

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        """PostgreSQL as its superuser; waited for likewise."""
        async with asyncio.timeout(BACK_SECONDS):
            connection = await persist(lambda: asyncpg.connect(self.site.info.databases["postgres"], timeout=5))
        try:
            yield connection
        finally:
            connection.terminate()

    async def revive(self, name: str) -> None:
        """Starts a process that has ended, or whose next start its supervisor has put off."""
        state = (await asyncio.to_thread(self.site.stack.status))[name].state
        if state == "BACKOFF":
            await self.site.processes.stop(name)
        if state == "BACKOFF" or state in GONE:
            await self.site.processes.start(name)


async def persist(ask: Callable[[], Awaitable[T]]) -> T:
    """What a server answers once it is back; whoever waits bounds it."""
    while True:
        try:
            return await ask()
        except (OSError, TimeoutError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await asyncio.sleep(RETRY_SECONDS)


Fault = Callable[[World, str, random.Random], AbstractAsyncContextManager[None]]
"""What befalls a target: it has when the block is entered, and is healed after its end, but for the recovering."""
