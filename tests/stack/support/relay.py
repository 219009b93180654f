"""A way to the store on which a test says what goes wrong with which connection; all else is the real store's."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answers with a status once the request's head is there, and closes."""

    status: int


@dataclass(frozen=True, slots=True)
class After:
    """Calls `do` once so many bytes of the request have passed, and cuts the connection where that says False."""

    size: int
    do: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """The request arrives whole; of its answer so many bytes do."""

    size: int = 0


Order = Refuse | After | LoseAnswer


@dataclass(slots=True)
class Relay:
    """Each new connection takes the next order, where there is one. `passed` counts bytes towards the store."""

    store_port: int
    port: int = 0
    orders: deque[Order] = field(default_factory=deque)
    passed: int = 0
    connections: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Cuts all connections that are there."""
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        order = self.orders.popleft() if self.orders else None
        try:
            if isinstance(order, Refuse):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % order.status)
                await writer.drain()
                writer.write_eof()
                while await reader.read(PIECE):  # what is under way; a reset would overtake the answer
                    pass
            else:
                await self._relay(reader, writer, order)
        except (OSError, asyncio.IncompleteReadError):
            pass  # who came went
        finally:
            self._open.discard(writer)
            writer.close()

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, order: After | LoseAnswer | None
    ) -> None:
        store_reader, store_writer = await asyncio.open_connection("127.0.0.1", self.store_port)
        there = asyncio.create_task(self._up(reader, store_writer, order if isinstance(order, After) else None))
        back = asyncio.create_task(_down(store_reader, writer, order if isinstance(order, LoseAnswer) else None))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (there, back):
                task.cancel()
                with suppress(asyncio.CancelledError, OSError):
                    await task
            store_writer.transport.abort()
            if not isinstance(order, LoseAnswer):  # what of it did pass arrives
                writer.transport.abort()

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, order: After | None) -> None:
        passed = 0
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
            passed += len(data)
            self.passed += len(data)
            if order is not None and passed >= order.size:
                if not order.do():
                    return
                order = None


async def _down(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, order: LoseAnswer | None) -> None:
    left = None if order is None else order.size
    while data := await reader.read(PIECE):
        writer.write(data[:left])
        await writer.drain()
        if left is not None and (left := left - len(data)) <= 0:
            return


@asynccontextmanager
async def relaying(store_port: int) -> AsyncIterator[Relay]:
    """A relay to the store at a port of its own."""
    relay = Relay(store_port)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
