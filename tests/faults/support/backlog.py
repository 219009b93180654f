"""Work in a heap: many documents whose bytes are in the store while the service whose turn it is is not there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from docuvault_contracts import topics

from deploy.local.info import StackInfo
from tests.faults.support.processes import Processes
from tests.faults.support.wire import Wire
from tests.stack.support.api import Api, Client, Upload
from tests.stack.support.waiting import eventually

AT_ONCE = 16
COUNT = 65 * AT_ONCE
"""A service acts on up to two hundred between two kills: after all of them there must be work left."""
SIZE_BYTES = 100
TOLD = 3
"""How often each record is there: redelivered ones are work, too."""
WITHIN_SECONDS = 120.0
LOOK_SECONDS = 0.002
STILL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Turn:
    """What a service does: the topic it reads, SQL that counts the documents of user $1 it is done with."""

    topic: topics.Topic
    done: str
    limit_bytes: int = COUNT * SIZE_BYTES


TURNS = {
    "quota": Turn(topics.STORAGE_EVENTS, "SELECT count(*) FROM quota.reservations WHERE user_id = $1"),
    "upload": Turn(topics.QUOTA, "SELECT count(*) FROM upload.documents WHERE user_id = $1 AND status <> 'pending'"),
    "janitor": Turn(
        topics.QUOTA, "SELECT count(*) FROM janitor.objects WHERE user_id = $1 AND state = 'removed'", limit_bytes=0
    ),
}


class Backlog:
    """COUNT documents of one user, which a service has yet to act on."""

    def __init__(self, service: str, client: Client, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._turn = TURNS[service]
        self._connection = connection
        self.service = service
        self.client = client

    async def done(self) -> int:
        """How many of the documents the service has acted on."""
        return int(await self._connection.fetchval(self._turn.done, self.client.user_id))

    async def reaches(self, number: int) -> None:
        """Returns as soon as the service has acted on so many."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while await self.done() < number:  # noqa: ASYNC110 - no event of ours says what another process did
                await asyncio.sleep(LOOK_SECONDS)

    async def stands_still(self) -> None:
        """Returns when the service acts on no more for a while."""
        before = -1
        while (now := await self.done()) != before:
            before = now
            await asyncio.sleep(STILL_SECONDS)

    async def pile_up(self, wire: Wire, processes: Processes) -> None:
        """Stops the service, and returns when what it will have to read is all there, several times."""
        uploads: list[Upload] = []
        for _ in range(0, COUNT, AT_ONCE):
            uploads += await asyncio.gather(*(self.client.begin() for _ in range(AT_ONCE)))
        await processes.stop(*processes.services(self.service))
        for start in range(0, COUNT, AT_ONCE):
            puts = (self.client.put(upload, b"x" * SIZE_BYTES) for upload in uploads[start : start + AT_ONCE])
            assert set(await asyncio.gather(*puts)) == {200}
        await self._say_again(wire, self._turn.topic.name)

    async def _say_again(self, wire: Wire, name: str) -> None:
        """Once all has been said for the first time."""

        async def told() -> bool:
            return await wire.unread(self.service, [name]) >= COUNT

        await eventually(told, becomes=True, within=WITHIN_SECONDS)
        mine = [each for each in await wire.read(name) if str(self.client.user_id).encode() in (each.value or b"")]
        for _ in range(TOLD - 1):
            await wire.write_again(mine)


@asynccontextmanager
async def open_backlog(service: str, api: Api, info: StackInfo) -> AsyncIterator[Backlog]:
    """A new user whose documents a service will have to act on; nothing is piled up yet."""
    client = await api.user(TURNS[service].limit_bytes)
    connection = await asyncpg.connect(info.databases["audit"])
    try:
        yield Backlog(service, client, connection)
    finally:
        await connection.close()


async def kill_at_work(
    backlog: Backlog, wire: Wire, processes: Processes, chance: random.Random, times: int
) -> list[int]:
    """Kills the service so often, each time soon after it has acted on some more; how many were left at each kill.

    Every other time anywhere in a batch or between two; the other times when it waits for Kafka, which is frozen: what
    it has just committed is not said yet, or what it has said is not committed. Kafka is told each time that the member
    is dead, as it would find out by itself.
    """
    name, left = f"{backlog.service}-1", []
    for number in range(times):
        pid = await processes.pid(name)
        await backlog.reaches(await backlog.done() + chance.randint(1, 40))
        if number % 2:
            await asyncio.sleep(chance.uniform(0, 0.02))
            await processes.kill(name, pid)
        else:
            async with processes.frozen("kafka"):
                await backlog.stands_still()
                await processes.kill(name, pid)
        await wire.dismiss(backlog.service)
        left.append(COUNT - await backlog.done())
    return left
