"""Processes that stop at a failpoint, to be looked at there and killed with -9, or woken later as zombies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from services.chassis.failpoints import REACHED, Name, trigger_path
from tests.faults.support.processes import Processes
from tests.faults.support.wire import Wire
from tests.stack.support.waiting import eventually


@dataclass(frozen=True, slots=True)
class Stop:
    """A process ("quota-1") and the failpoint at which it is to stop."""

    process: str
    name: Name

    @property
    def service(self) -> str:
        """Which service the process is, and its consumer group."""
        return self.process.rpartition("-")[0]


class Crashes:
    """The triggers of a stack, and the death or the awakening of whoever has reached one."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self._folder = folder
        self._processes = processes

    def arm(self, stops: Iterable[Stop]) -> None:
        """From now on each process stops at the next hit of its failpoint."""
        for stop in stops:
            self._trigger(stop).touch()

    async def reached(self, awaited: Iterable[Stop]) -> None:
        """Returns when each of the processes stands still at its failpoint."""
        stops = set(awaited)

        async def on_their_way() -> set[Stop]:
            return stops - self._standing(stops)

        await eventually(on_their_way, becomes=set())

    async def crash_at_each(self, stops: Iterable[Stop], wire: Wire) -> None:
        """Kills the processes at one failpoint after the other, as they come to them, until none is ahead of them."""
        ahead = set(stops)

        async def stands() -> bool:
            return bool(self._standing(ahead))

        while ahead:
            await eventually(stands, becomes=True)
            standing = [*self._standing(ahead)]
            await self.crash(standing, wire)
            ahead.difference_update(standing)

    def _standing(self, stops: Iterable[Stop]) -> set[Stop]:
        return {stop for stop in stops if self._mark(stop).exists()}

    async def crash(self, stops: Sequence[Stop], wire: Wire) -> None:
        """Kills the processes that stand still; they are started again by themselves, side by side.

        Kafka is told at once that the members are dead, as it would find out by itself after the session's time-out.
        """
        await asyncio.gather(*(self._processes.kill(stop.process) for stop in stops))
        await asyncio.gather(*(wire.dismiss(stop.service) for stop in stops))
        for stop in stops:
            self._mark(stop).unlink()

    @asynccontextmanager
    async def stalled(self, stops: Sequence[Stop]) -> AsyncIterator[None]:
        """Inside, each of the processes stands still at its failpoint; afterwards they go on from there."""
        pids = [await self._processes.pid(stop.process) for stop in stops]
        self.arm(stops)
        try:
            await self.reached(stops)
            yield
        finally:
            for stop, pid in zip(stops, pids, strict=True):
                self._mark(stop).unlink(missing_ok=True)
                self._trigger(stop).unlink(missing_ok=True)
                os.kill(pid, signal.SIGCONT)

    async def clear(self) -> None:
        """What a failed test left: no trigger stays, and whoever stands still is killed."""
        for path in self._folder.iterdir():
            if path.name.endswith(REACHED):
                await self._processes.kill(path.name.partition(".")[0])
            path.unlink()

    @asynccontextmanager
    async def frozen(self, *names: str) -> AsyncIterator[None]:
        """Inside, the processes do nothing at all."""
        async with AsyncExitStack() as stack:
            for name in names:
                await stack.enter_async_context(self._processes.frozen(name))
            yield

    def _trigger(self, stop: Stop) -> Path:
        return trigger_path(self._folder, stop.process, stop.name)

    def _mark(self, stop: Stop) -> Path:
        return Path(f"{self._trigger(stop)}{REACHED}")
