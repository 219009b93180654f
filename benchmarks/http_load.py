"""A load of HTTP requests that costs little: ready-made bytes on kept connections, the next when one is answered."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from benchmarks.model import BenchError

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_END = b"\r\n\r\n"


@dataclass(slots=True)
class Tally:
    """What the connections count together; `refused` is the first answer that was no 200."""

    answered: int = 0
    refused: str = ""
    closing: bool = False
    lost: int = 0
    open: list[asyncio.Transport] = field(default_factory=list)


class Client(asyncio.Protocol):
    """One connection with one request at a time."""

    def __init__(self, request: bytes, tally: Tally) -> None:
        self._request = request
        self._tally = tally
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first."""
        self._transport = cast("asyncio.Transport", transport)  # which uvloop's does not inherit from
        self._tally.open.append(self._transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Counts a whole answer and sends the next request."""
        self._received += data
        if not whole(self._received):
            return
        if self._received.startswith(b"HTTP/1.1 200 "):
            self._tally.answered += 1
        else:
            self._tally.refused = self._tally.refused or self._received[:200].decode(errors="replace")
        self._received = b""
        if self._transport is not None and not self._tally.closing:
            self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """A server that hangs up is no server to measure."""
        self._tally.lost += not self._tally.closing


def whole(received: bytes, has_body: bool = True) -> bool:  # noqa: FBT001, FBT002 - a fact of the request
    """Whether these bytes are all of an answer that says its length; an answer to a HEAD says another's."""
    end = received.find(_END)
    if end < 0 or not has_body:
        return end >= 0
    length = _LENGTH.search(received, 0, end)
    return len(received) >= end + len(_END) + int(length[1] if length else 0)


async def answers_a_second(port: int, requests: Sequence[bytes], warm: float, seconds: float) -> float:
    """The speed of a server, once it is warm, under one connection a request. Raises BenchError where it refuses."""
    loop, tally = asyncio.get_running_loop(), Tally()
    try:
        for request in requests:
            await loop.create_connection(lambda request=request: Client(request, tally), "127.0.0.1", port)  # type: ignore[misc]
        await asyncio.sleep(warm)
        before, started = tally.answered, loop.time()
        await asyncio.sleep(seconds)
        answered, seconds = tally.answered - before, loop.time() - started
    finally:
        tally.closing = True
        for transport in tally.open:
            transport.close()
    if tally.refused or tally.lost or not answered:
        raise BenchError(f"port {port}: {tally.lost} connections lost; {' '.join(tally.refused.split())}")
    return answered / seconds
