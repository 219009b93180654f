"""How much slower than alone on the machine this process is just now, so that a bound in seconds can follow suit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

WORK_SECONDS = 0.005
EVERY_SECONDS = 0.1


@dataclass(slots=True)
class Slowness:
    """Seconds that passed while so many seconds of work were done: the same on an idle machine."""

    passed: float = 0.0
    worked: float = 0.0

    @property
    def factor(self) -> float:
        """1 on an idle machine, 3 where two others want the same core."""
        return max(1.0, self.passed / self.worked) if self.worked else 1.0

    def sample(self) -> None:
        """Works for five milliseconds of processor time."""
        began, work = time.perf_counter(), time.thread_time()
        while (worked := time.thread_time() - work) < WORK_SECONDS:
            pass
        self.worked += worked
        self.passed += time.perf_counter() - began


@asynccontextmanager
async def slowness() -> AsyncIterator[Slowness]:
    """Samples now and then while the block runs."""
    found = Slowness()
    sampling = asyncio.create_task(_sample(found))
    try:
        yield found
    finally:
        sampling.cancel()
        with suppress(asyncio.CancelledError):
            await sampling


async def _sample(found: Slowness) -> None:
    while True:
        found.sample()
        await asyncio.sleep(EVERY_SECONDS)
