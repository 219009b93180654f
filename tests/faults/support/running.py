"""A load that runs beside the faults of a test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.support.load import Load


@asynccontextmanager
async def lasting(seconds: float) -> AsyncIterator[None]:
    """A block that takes at least `seconds`, where nothing raises: a fault takes as long as it takes."""
    end = time.monotonic() + seconds
    yield
    await asyncio.sleep(end - time.monotonic())


@asynccontextmanager
async def under(*loads: Load) -> AsyncIterator[None]:
    """Inside, the loads run; at its end each client finishes the document at hand. Raises what a load raises."""
    async with asyncio.TaskGroup() as group:
        for load in loads:
            group.create_task(load.run())
        try:
            yield
        finally:
            for load in loads:
                load.stop()
