"""What a fault proxy does to a way on request: refuse, hang, stall, crawl, flap. Undone at the end of each block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import count
from typing import Any

from aiohttp import ClientSession, ClientTimeout

from deploy.local.settings import FAULT_WAYS
from deploy.local.ways import ways_to

STREAMS = ("upstream", "downstream")
FLAP_SECONDS = 1.0
LATENCY_MS = 100
HOUR_MS = 3_600_000
_NUMBERS = count()
_ANSWER = ClientTimeout(total=60)
"""Lifting a fault takes toxiproxy a while where it has many connections to flush."""


class FaultProxy:
    """One way of `FAULT_WAYS`, as "quota_postgres" or "store_kafka", or all ways to a server, as "postgres"."""

    def __init__(self, url: str, way: str) -> None:
        self._urls = [f"{url}/proxies/{each}" for each in ((way,) if way in FAULT_WAYS else ways_to(way))]

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Inside, connections are refused, and those that were there are cut."""
        await self._enable(False)
        try:
            yield
        finally:
            await self._enable(True)

    @asynccontextmanager
    async def hung(self) -> AsyncIterator[None]:
        """Inside, connections are accepted and nothing is ever answered, old and new; what is sent is lost.

        Nothing is cut at the end: who asked meanwhile and has no time-out waits for ever. The toxic stays, without
        effect, since removing it would cut.
        """
        number = next(_NUMBERS)
        for stream in STREAMS:
            await self._add(f"{stream}-lost-{number}", stream, "timeout", {"timeout": 0})
        try:
            yield
        finally:
            for stream in STREAMS:
                await self._say("POST", f"/toxics/{stream}-lost-{number}", {"toxicity": 0.0})

    @asynccontextmanager
    async def stalled(self) -> AsyncIterator[None]:
        """Inside, nothing passes; at the end all that was sent arrives late, whether its sender still waits or not."""
        async with self._toxics({"latency": {"latency": HOUR_MS}}):
            yield

    @asynccontextmanager
    async def crawling(self) -> AsyncIterator[None]:
        """Inside, a kilobyte a second passes, and each packet takes its time."""
        async with self._toxics({"latency": {"latency": LATENCY_MS}, "bandwidth": {"rate": 1}}):
            yield

    @asynccontextmanager
    async def late(self, milliseconds: int) -> AsyncIterator[None]:
        """Inside, all that passes takes so long each way."""
        async with self._toxics({"latency": {"latency": milliseconds, "jitter": milliseconds // 2}}):
            yield

    @asynccontextmanager
    async def narrow(self, kilobytes: int) -> AsyncIterator[None]:
        """Inside, so many kilobytes a second pass each way."""
        async with self._toxics({"bandwidth": {"rate": kilobytes}}):
            yield

    @asynccontextmanager
    async def torn(self, size: int) -> AsyncIterator[None]:
        """Inside, each connection is closed in mid-message: as soon as so many bytes have passed one way."""
        async with self._toxics({"limit_data": {"bytes": size}}):
            yield

    @asynccontextmanager
    async def reset(self, milliseconds: int) -> AsyncIterator[None]:
        """Inside, each connection that is made is reset so long after, whatever passes by it."""
        async with self._toxics({"reset_peer": {"timeout": milliseconds}}):
            yield

    async def lead_to(self, port: int) -> int:
        """From now on the way leads to another port; what was connected is cut. Returns where it led before."""
        async with ClientSession(timeout=_ANSWER) as session, session.get(self._urls[0]) as response:
            before = int((await response.json())["upstream"].rpartition(":")[2])
        await self._say("POST", "", {"upstream": f"127.0.0.1:{port}"})
        return before

    @asynccontextmanager
    async def flapping(self) -> AsyncIterator[None]:
        """Inside, the server goes and comes every second."""
        flapping = asyncio.create_task(self._flap())
        try:
            yield
        finally:
            flapping.cancel()
            with suppress(asyncio.CancelledError):
                await flapping
            await self._enable(True)

    async def _flap(self) -> None:
        while True:
            async with self.away():
                await asyncio.sleep(FLAP_SECONDS)
            await asyncio.sleep(FLAP_SECONDS)

    @asynccontextmanager
    async def _toxics(self, toxics: Mapping[str, Mapping[str, int]]) -> AsyncIterator[None]:
        names = [(stream, kind) for stream in STREAMS for kind in toxics]
        for stream, kind in names:
            await self._add(f"{stream}-{kind}", stream, kind, toxics[kind])
        try:
            yield
        finally:
            for stream, kind in reversed(names):  # else the flush of one waits for the next to let it through
                await self._say("DELETE", f"/toxics/{stream}-{kind}")

    async def _add(self, name: str, stream: str, kind: str, attributes: Mapping[str, int]) -> None:
        await self._say("POST", "/toxics", {"name": name, "stream": stream, "type": kind, "attributes": attributes})

    async def _enable(self, enabled: bool) -> None:  # noqa: FBT001 - toxiproxy's own word
        await self._say("POST", "", {"enabled": enabled})

    async def _say(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        async with ClientSession(timeout=_ANSWER) as session:
            await asyncio.gather(*(self._say_to(session, url, method, path, body) for url in self._urls))

    @staticmethod
    async def _say_to(session: ClientSession, url: str, method: str, path: str, body: Mapping[str, Any] | None) -> None:
        async with session.request(method, url + path, json=body) as response:
            response.raise_for_status()


Fault = Callable[[FaultProxy], AbstractAsyncContextManager[None]]
