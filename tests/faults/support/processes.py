"""The processes of a stack, to be stopped, killed and started while a test goes on; nobody else's."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp

from deploy.local.stack import Stack
from tests.stack.support.waiting import eventually

READY_SECONDS = 60.0
LAST_WORDS = 60
"""So many of the lines that are no ordinary news are shown of a process that should not have ended."""
GONE = frozenset({"STOPPED", "EXITED", "FATAL"})
_ASK = aiohttp.ClientTimeout(total=5)


async def freeze(*pids: int) -> None:
    """Stops processes; returns when no thread of theirs works any more, which is a while after they were told."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        await eventually(partial(_stands_still, pid), becomes=True)


async def _stands_still(pid: int) -> bool:
    return _states(pid) == {"T"}


def _states(pid: int) -> set[str]:
    """Of all threads, as proc(5) has them."""
    try:
        return {each.read_text().rpartition(") ")[2][0] for each in Path(f"/proc/{pid}/task").glob("*/stat")}
    except OSError:
        return {"one just ended"}


class Processes:
    """Wraps the supervisor of a stack for async tests."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def services(self, *kinds: str) -> list[str]:
        """The names of all replicas of some services, or of all."""
        names = self._stack.info.service_urls
        return [name for name in names if not kinds or name.rpartition("-")[0] in kinds]

    async def stop(self, *names: str) -> None:
        """Stops processes as an operator does, side by side."""
        await asyncio.gather(*(asyncio.to_thread(self._stack.supervisor.stop, name) for name in names))

    async def start(self, *names: str) -> None:
        """Starts processes; returns before they are ready."""
        for name in names:
            await asyncio.to_thread(self._stack.supervisor.start, name)

    async def pid(self, name: str) -> int:
        """The pid of a process that runs; waits for it to be started."""

        async def running() -> bool:
            return bool(await asyncio.to_thread(self._stack.supervisor.pid, name))

        await eventually(running, becomes=True, within=READY_SECONDS)
        return await asyncio.to_thread(self._stack.supervisor.pid, name)

    async def pids(self) -> dict[str, int]:
        """The pids of all services."""
        return {name: await self.pid(name) for name in self.services()}

    async def lives(self) -> dict[str, tuple[int, int]]:
        """The pid and the time of the start of each service: one that was restarted has others."""
        found = await asyncio.to_thread(self._stack.supervisor.processes)
        return {name: (found[name].pid, found[name].started) for name in self.services()}

    async def assert_unbroken(self, before: dict[str, tuple[int, int]]) -> None:
        """Fails where a service was restarted since `before`, which `lives` gave, and tells what it said by then."""
        after = await self.lives()
        words = [self._last_words(name) for name, life in before.items() if after[name] != life]
        assert not words, "restarted: " + "\n".join(words)

    def _last_words(self, name: str) -> str:
        lines = self._stack.layout.log(name).read_text(errors="replace").splitlines()
        return "\n".join([name, *[line for line in lines if '"level":"info"' not in line][-LAST_WORDS:]])

    async def kill(self, name: str, pid: int | None = None) -> None:
        """Ends a process (of `pid`, where that is known) with -9; it is started again by itself."""
        killed = pid or await self.pid(name)
        os.kill(killed, signal.SIGKILL)

        async def noticed() -> bool:
            return await asyncio.to_thread(self._stack.supervisor.pid, name) != killed

        await eventually(noticed, becomes=True, within=READY_SECONDS)

    @asynccontextmanager
    async def killed(self, name: str) -> AsyncIterator[None]:
        """Ended with -9, and inside not there again."""
        await self.kill(name)
        async with self.without(name):
            yield

    @asynccontextmanager
    async def frozen(self, name: str) -> AsyncIterator[None]:
        """Inside, the process does nothing at all; connections to it stay open and silent."""
        pid = await self.pid(name)
        try:
            await freeze(pid)
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    async def ready(self, names: Iterable[str] | None = None) -> None:
        """Returns when services say that they are ready: all of them, or those named.

        All are asked side by side: whether Kafka answers is told behind a fetch, which may wait for half a second.
        """
        asked = self.services() if names is None else names
        await asyncio.gather(*(self._becomes(name, "readyz") for name in asked))

    async def answers(self, name: str) -> None:
        """Returns when a service answers at all, be it ready or not."""
        await self._becomes(name, "healthz")

    async def _becomes(self, name: str, probe: str) -> None:
        await eventually(lambda: self._says(name, probe), becomes=True, within=READY_SECONDS)

    async def _says(self, name: str, probe: str) -> bool:
        url = f"{self._stack.info.service_urls[name]}/{probe}"
        try:
            async with aiohttp.ClientSession(timeout=_ASK) as session, session.get(url) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def restore(self) -> None:
        """Starts whatever a test left stopped, and returns when all is ready again."""

        async def state(name: str) -> str:
            return (await asyncio.to_thread(self._stack.status))[name].state

        for name in self._stack.status():
            await eventually(lambda name=name: _is(state(name), "STOPPING"), becomes=False)  # type: ignore[misc]
            if await state(name) in GONE:
                await self.start(name)
        await self.ready()

    @asynccontextmanager
    async def without(self, *names: str) -> AsyncIterator[None]:
        """Inside, the processes are away."""
        await self.stop(*names)
        try:
            yield
        finally:
            await self.start(*names)


async def _is(told: Awaitable[str], state: str) -> bool:
    return await told == state
