"""What befalls a server's disk: it is full."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from tests.campaign.world import World, persist

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
