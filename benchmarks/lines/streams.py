"""What 1,000 idle streams to clients take in one process of the upload service, beside a bare handler's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import psutil

from benchmarks import bare_streams
from benchmarks.asking import listens
from benchmarks.batches import says
from benchmarks.model import Goal, Line, Pair, Reading
from benchmarks.site import Child, Site
from deploy.ops.users import access_token

STREAMS = 1000
OF_USER = 20
HELLO = b"event: hello"
WARM = 100
"""Streams before, so that what the first one alone costs (code, pools, buffers) is not counted as theirs."""
IDLE_SECONDS = 3 * bare_streams.HEARTBEAT_SECONDS
_MB = 1e6
Writers = list[asyncio.StreamWriter]


async def _held(child: Child, port: int, requests: Sequence[bytes]) -> Reading:
    """Megabytes that the process took more with the streams open and idle, and kilobytes for each."""
    await listens(child, port)
    process = psutil.Process(child.process.pid)
    async with _open(port, requests[:WARM]):
        await asyncio.sleep(bare_streams.HEARTBEAT_SECONDS)
    before = process.memory_info().rss
    async with _open(port, requests):
        cpu = sum(process.cpu_times()[:2])
        await asyncio.sleep(IDLE_SECONDS)
        more = (process.memory_info().rss - before) / _MB
        busy = (sum(process.cpu_times()[:2]) - cpu) / IDLE_SECONDS
    return Reading(more, {"kB a stream": more * 1000 / STREAMS, "% of a core": busy * 100})


@asynccontextmanager
async def _open(port: int, requests: Sequence[bytes]) -> AsyncIterator[None]:
    """The streams, past their hello, for as long as the block runs."""
    room, writers = asyncio.Semaphore(50), Writers()
    try:
        await asyncio.gather(*(_ask(port, request, room, writers) for request in requests))
        yield
    finally:
        for writer in writers:
            writer.close()
        for writer in writers:
            with suppress(OSError):
                await writer.wait_closed()


async def _ask(port: int, request: bytes, room: asyncio.Semaphore, writers: Writers) -> None:
    async with room:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        writer.write(request)
        await reader.readuntil(HELLO)


def _request(token: str) -> bytes:
    return f"GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


@asynccontextmanager
async def _pair(site: Site) -> AsyncIterator[Pair]:
    """A process of its own for each reading: one that has held streams before would not grow again."""
    tokens = [access_token(site.info, uuid4()) for _ in range(STREAMS // OF_USER)]
    requests = [_request(token) for token in tokens for _ in range(OF_USER)]
    period = str(bare_streams.HEARTBEAT_SECONDS)

    async def subject() -> Reading:
        env = {"HTTP_PORT": str(site.port(1)), "LIVE_HEARTBEAT_SECONDS": period}
        async with site.service("upload", **env) as upload:
            await says(upload, '"consumer.assigned"')
            return await _held(upload, site.port(1), requests)

    async def floor() -> Reading:
        async with site.running(bare_streams.__name__, {"HTTP_PORT": str(site.port(2))}) as bare:
            return await _held(bare, site.port(2), requests)

    yield Pair(subject, floor)


LINE = Line(
    "MB more for 1,000 idle streams",
    "a bare aiohttp handler with as many",
    Goal(60, "at most", "value"),
    _pair,
    unit="MB",
)
