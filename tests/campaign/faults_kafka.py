"""What befalls groups and topics: offsets that are set back, ahead or removed; records that nobody understands."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from docuvault_contracts import topics

from tests.campaign.world import BACK_SECONDS, World, persist
from tests.faults.support import poison
from tests.faults.support.wire import Raw, Wire

Setting = Callable[[Wire, str], Awaitable[None]]
MOST_BAD = 3


def to_the_earliest(world: World, target: str, _: random.Random) -> AbstractAsyncContextManager[None]:
    """The group hears all that was ever said once more."""
    return _set_while_nobody_reads(world, target, Wire.start_over)


@asynccontextmanager
async def to_the_latest(world: World, target: str, _: random.Random) -> AsyncIterator[None]:
    """The group never hears what was said while its services were away."""
    world.skipped = True
    async with _set_while_nobody_reads(world, target, Wire.skip_to_the_end):
        yield


def removed(world: World, target: str, _: random.Random) -> AbstractAsyncContextManager[None]:
    """The group is one that nobody knows."""
    return _set_while_nobody_reads(world, target, Wire.forget)


@asynccontextmanager
async def _set_while_nobody_reads(world: World, group: str, change: Setting) -> AsyncIterator[None]:
    """The group's services are away for a while, and then find its offsets elsewhere."""
    processes, names = world.site.processes, world.replicas(group)
    for name in names:
        await processes.pid(name)
    async with processes.without(*names):
        yield
        async with world.wire() as wire, asyncio.timeout(BACK_SECONDS):

            async def set_them() -> None:
                await wire.dismiss(group)  # one that was killed is a member for a while
                await change(wire, group)

            await persist(set_them)


@asynccontextmanager
async def poisoned(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Records that nobody understands come between the good ones of a topic."""
    async with world.wire() as wire, asyncio.timeout(BACK_SECONDS):
        for bad in await persist(lambda: _bad_ones(world, wire, target, chance)):
            partition = chance.choice(await wire.partitions(target)).partition
            await persist(lambda bad=bad, partition=partition: wire.write([bad], partition))  # type: ignore[misc]
    yield


async def _bad_ones(world: World, wire: Wire, topic: str, chance: random.Random) -> list[Raw]:
    if topic != topics.STORAGE_EVENTS.name:
        found = poison.events(topic)
    else:
        good = [each.value for each in await wire.read(topic) if each.value and b"s3:ObjectCreated" in each.value]
        found = poison.notifications(_as_written_by_hand(good[-1]), world.site.bucket.name) if good else []
    return chance.sample(found, min(MOST_BAD, len(found)))


def _as_written_by_hand(value: bytes) -> bytes:
    """The same, with the spaces by which bad ones are made of it."""
    return json.dumps(json.loads(value)).encode()
