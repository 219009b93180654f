"""How much memory processes hold, watched over time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from statistics import median

import psutil

LOOK_SECONDS = 1.0
_MB = 1e6


def together(pids: Sequence[int]) -> float:
    """Megabytes of processes that share pages, what they share counted once. Raises psutil.NoSuchProcess."""
    found = [psutil.Process(pid).memory_full_info() for pid in pids]
    return (sum(each.uss for each in found) + max((each.rss - each.uss for each in found), default=0)) / _MB


@dataclass
class Watch:
    """Resident megabytes (10^6 bytes) by name, a sample a look."""

    pids: Mapping[str, int]
    samples: dict[str, list[float]] = field(default_factory=dict)

    def look(self) -> None:
        """One sample of each. Raises psutil.NoSuchProcess where one has ended."""
        for name, pid in self.pids.items():
            self.samples.setdefault(name, []).append(psutil.Process(pid).memory_info().rss / _MB)

    def recent(self, name: str, looks: int) -> float:
        """The median of the last looks."""
        return median(self.samples[name][-looks:])

    def most(self, name: str, looks: int) -> float:
        """The greatest of the last looks: for one that holds more at times."""
        return max(self.samples[name][-looks:])

    def growth(self, name: str) -> float:
        """The last tenth against the tenth after the first fifth, in which caches fill and pools open."""
        found = self.samples[name]
        tenth = max(1, len(found) // 10)
        return median(found[-tenth:]) - median(found[2 * tenth : 3 * tenth] or found)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks every second inside."""
        looking = asyncio.create_task(self._looks())
        try:
            yield
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _looks(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)
