"""A load that runs beside the faults of a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.support.load import Load


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
