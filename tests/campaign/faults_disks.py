"""What befalls a server's disk: it is full."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.campaign.world import World


@asynccontextmanager
async def full(world: World, target: str, chance: random.Random) -> AsyncIterator[None]:
    """Nothing more than a little can be written; afterwards there is room, and whoever had ended for it is started."""
    world.disks.fill(target, chance)
    try:
        yield
    finally:
        world.disks.relieve(target)
        await world.revive(target)
