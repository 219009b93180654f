"""A load at a steady pace, whatever the answers take: a slow answer delays nobody else's question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from benchmarks.http_exchange import Answer, Connection, connect, connections

T = TypeVar("T")


async def paced(work: Sequence[Callable[[], Awaitable[T]]], a_second: float) -> list[T]:
    """Starts one after the other at that pace; what they return, in their order. The first failure ends all."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    tasks: list[asyncio.Task[T]] = []
    try:
        async with asyncio.TaskGroup() as group:
            for number, each in enumerate(work):
                await asyncio.sleep(max(0.0, started + number / a_second - loop.time()))
                tasks.append(group.create_task(_awaited(each)))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


class Lending:
    """Kept connections, each lent to one request at a time. One that the server gave up is replaced, as clients do."""

    def __init__(self, port: int, opened: Sequence[Connection]) -> None:
        self._port = port
        self._free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        for each in opened:
            self._free.put_nowait(each)

    async def ask(self, request: bytes) -> Answer:
        """The answer, on whatever connection is free; its time does not count the wait for one."""
        connection = await self._free.get()
        try:
            if connection.gone:
                connection = await connect(self._port)
            return await connection.ask(request)
        finally:
            self._free.put_nowait(connection)

    def close(self) -> None:
        """Hangs up; nothing may be under way."""
        while not self._free.empty():
            self._free.get_nowait().close()


@asynccontextmanager
async def lending(port: int, number: int) -> AsyncIterator[Lending]:
    """So many connections to a port of this machine."""
    async with connections(port, number) as opened:
        lending = Lending(port, opened)
        try:
            yield lending
        finally:
            lending.close()
