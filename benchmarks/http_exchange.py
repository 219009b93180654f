"""HTTP requests whose answers matter: ready-made bytes on kept connections, each with its status, body and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from benchmarks.http_load import whole
from benchmarks.model import BenchError

OK = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and how long it took, in seconds from the first byte sent to the last received."""

    status: int
    body: bytes
    seconds: float


class Connection(asyncio.Protocol):
    """One kept connection with one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._has_body = True
        self._waiting: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps it."""
        self._transport = cast("asyncio.Transport", transport)  # which uvloop's does not inherit from

    def data_received(self, data: bytes) -> None:
        """Hands over a whole answer."""
        self._received += data
        if self._waiting is not None and not self._waiting.done() and whole(self._received, self._has_body):
            self._waiting.set_result(self._received)

    def connection_lost(self, exc: Exception | None) -> None:
        """A server that hangs up in mid-answer is no server to measure."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(BenchError(f"a connection was lost: {exc}"))

    @property
    def gone(self) -> bool:
        """Whether the server hung up, as it does on a connection that was idle for long."""
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Hangs up."""
        if self._transport is not None:
            self._transport.close()

    async def ask(self, request: bytes) -> Answer:
        """Sends the request and waits for its answer. Raises BenchError where the connection is lost."""
        self._received, self._waiting = b"", asyncio.get_running_loop().create_future()
        self._has_body = not request.startswith(b"HEAD ")
        started = time.perf_counter()
        if self._transport is None or self._transport.is_closing():
            raise BenchError("a connection was lost between two requests")
        self._transport.write(request)
        received = await self._waiting
        seconds = time.perf_counter() - started
        return Answer(int(received[9:12]), received.partition(b"\r\n\r\n")[2], seconds)


async def connect(port: int) -> Connection:
    """A connection to a port of this machine."""
    return (await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port))[1]


@asynccontextmanager
async def connections(port: int, number: int) -> AsyncIterator[Sequence[Connection]]:
    """So many connections to a port of this machine."""
    opened: list[Connection] = []
    try:
        opened += [await connect(port) for _ in range(number)]
        yield opened
    finally:
        for each in opened:
            each.close()


async def exchange(port: int, requests: Sequence[bytes], at_once: int) -> list[Answer]:
    """The answers in the order of their requests, with `at_once` under way. Raises BenchError for a refusal."""
    async with connections(port, at_once) as opened:
        found = await asyncio.gather(*(_in_turn(each, requests[start::at_once]) for start, each in enumerate(opened)))
    answers = [Answer(0, b"", 0)] * len(requests)
    for start, part in enumerate(found):
        answers[start::at_once] = part
    return answers


async def _in_turn(connection: Connection, requests: Iterable[bytes]) -> list[Answer]:
    return [accepted(await connection.ask(each)) for each in requests]


def accepted(answer: Answer) -> Answer:
    """The answer. Raises BenchError where it is no 200."""
    if answer.status != OK:
        raise BenchError(f"answered {answer.status}: {' '.join(answer.body[:300].decode(errors='replace').split())}")
    return answer
