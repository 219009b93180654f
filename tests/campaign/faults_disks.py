"""What befalls a server's disk: it is full."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from tests.campaign.faults_processes import SERVICES
from tests.campaign.world import World, persist
from tests.faults.support.unloaded import unloaded

SWITCH_SECONDS = 0.2
RECOVERY_SECONDS = 15.0


@asynccontextmanager
async def full(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Hardly anything more can be written; afterwards there is room, and whoever had ended for it is started."""
    world.disks.fill(target, chance)
    try:
        yield
    finally:
        world.disks.relieve(target)
        await world.revive(target)


@asynccontextmanager
async def full_for_the_log(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """The same for PostgreSQL, which has room in its log for a while: it has to begin a new file, again and again.

    18.6 that finds no room in the middle of a recovery may stay there for ever, up and taking nobody, with room again:
    seen once in some 350 faults. The runbook has it restarted, and so has this.
    """
    try:
        async with full(world, target, chance):
            switching = asyncio.create_task(_switch(world))
            try:
                yield
            finally:
                switching.cancel()
                with suppress(asyncio.CancelledError):
                    await switching
    finally:
        if not await _takes_clients(world):
            await world.site.processes.stop(target)
            await world.site.processes.start(target)


@asynccontextmanager
async def full_for_the_groups(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """The same for Kafka, which may find afterwards that it cannot read what it wrote of its groups.

    The pages of an index are taken from the disk as they are written to. In 4.3.1, where there is none, records are in
    the log by then and taken for unwritten: the next ones get the same offsets, and no group of that partition has a
    coordinator after the restart. The runbook has the partition's folder moved away, and so has this.
    """
    layout = world.site.stack.layout
    before = layout.log(target).stat().st_size
    try:
        async with full(world, target, chance):
            yield
    finally:
        if not await _knows_its_groups(world):
            await world.site.processes.stop(target)
            for name in unloaded(layout, before):
                shutil.rmtree(layout.state / target / "data" / name)
            await world.site.processes.start(target)


async def _knows_its_groups(world: World) -> bool:
    async with world.wire() as wire:
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                await asyncio.gather(*(persist(lambda group=group: wire.offsets(group)) for group in SERVICES))  # type: ignore[misc]
        except TimeoutError:
            return False
    return True


async def _takes_clients(world: World) -> bool:
    try:
        async with asyncio.timeout(RECOVERY_SECONDS):
            connection = await persist(lambda: asyncpg.connect(world.site.info.databases["postgres"], timeout=2))
    except TimeoutError:
        return False
    connection.terminate()
    return True


async def _switch(world: World) -> None:
    while True:
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(world.site.info.databases["postgres"], timeout=2)
            try:
                await connection.execute("SELECT pg_switch_wal()", timeout=2)
            finally:
                connection.terminate()
        await asyncio.sleep(SWITCH_SECONDS)
