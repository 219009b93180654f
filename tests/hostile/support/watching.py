"""What a test sees from outside: the processes that are left, memory, and who calls a server that nobody should."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from services.classifier.reading import Reading, Source
from services.classifier.sandbox.pool import Pool
from tests.hostile.support.documents import GOOD, WORDS


def source_of(document: bytes, suffix: str = "") -> Source:
    """All of a document."""
    return Source(document, len(document), suffix=suffix)


async def told(pool: Pool, deed: str) -> Reading:
    """What came of a bad worker that was told to do this."""
    return await pool.read(source_of(deed.encode()))


async def reads_on(pool: Pool) -> bool:
    """A good document is read."""
    return WORDS in getattr(await pool.read(source_of(GOOD[".txt"])), "text", "")


def workers() -> list[psutil.Process]:
    """The processes that this one has started, and theirs, but those of Python's own."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if any("worker" in word for word in child.cmdline())]


def resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


@dataclass(slots=True)
class Callers:
    """A server on this machine, and how often it was called."""

    port: int = 0
    calls: int = 0

    async def on_call(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Callers]:
    """The server, while the context lasts."""
    callers = Callers()
    server = await asyncio.start_server(callers.on_call, "127.0.0.1", 0)
    async with server:
        callers.port = server.sockets[0].getsockname()[1]
        yield callers
