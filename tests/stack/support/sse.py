"""A client of the stream of changes: reads Server-Sent Events with fetch's means, and remembers what it was told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

FOREVER = aiohttp.ClientTimeout(total=None, sock_connect=5)
WITHIN_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Said:
    """One block of a stream; a heartbeat has no event, and `retry` is one by that name."""

    event: str
    id: str | None
    data: Any


def parse(raw: bytes) -> list[Said]:
    """The whole blocks of a stream; of a comment its id is left."""
    found = []
    for block in raw.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        event = fields.get("event", "retry" if "retry" in fields else "")
        found.append(Said(event, fields.get("id"), orjson.loads(fields["data"]) if "data" in fields else None))
    return found


class Listener:
    """One stream, read in the background. `documents` are as they were last told, by id; None for what was removed."""

    def __init__(self, resume: str | None = None) -> None:
        self.said: list[Said] = []
        self.documents: dict[str, Any] = {}
        self.newest_id = resume
        self.status = 0
        self.ended = asyncio.Event()
        self.heard_at = time.monotonic()
        self._news = asyncio.Event()

    @property
    def events(self) -> list[str]:
        """The names of the events, without heartbeats."""
        return [each.event for each in self.said if each.event not in {"", "retry"}]

    def last(self, event: str) -> Any:
        """The data of the last such event; None where there was none."""
        return next((each.data for each in reversed(self.said) if each.event == event), None)

    def status_of(self, document_id: str) -> str | None:
        """What a document was last told to be; the reason, where it was removed."""
        found = self.documents.get(document_id)
        return None if found is None else str(found.get("status", found.get("reason")))

    async def until(self, seen: Callable[[Listener], object], within: float = WITHIN_SECONDS) -> None:
        """Returns once what was told is so; AssertionError with what was told where that takes longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not seen(self):
                    self._news.clear()
                    await self._news.wait()
        assert seen(self), f"after {within} s: {self.said[-12:]}"

    async def read(self, response: aiohttp.ClientResponse) -> None:
        """Reads until the stream ends, or is cut."""
        self.status = response.status
        rest = b""
        with suppress(aiohttp.ClientError, ConnectionError):
            async for chunk in response.content.iter_any():
                *blocks, rest = (rest + chunk).split(b"\n\n")
                for block in blocks:
                    self._hear(*parse(block + b"\n\n"))
        self.ended.set()
        self._news.set()

    def _hear(self, said: Said) -> None:
        self.heard_at = time.monotonic()
        self.said.append(said)
        if said.id is not None:
            self.newest_id = said.id
        if said.event in {"document", "removed"}:
            self.documents[said.data["id"]] = said.data
        self._news.set()


@asynccontextmanager
async def listening(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str], resume: str | None = None
) -> AsyncIterator[Listener]:
    """A stream at a replica, past its hello, for as long as the block runs."""
    sent = headers if resume is None else {**headers, "Last-Event-ID": resume}
    listener = Listener(resume)
    async with session.get(f"{url}/api/events", headers=sent, timeout=FOREVER) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        reading = asyncio.create_task(listener.read(response))
        try:
            await listener.until(lambda each: "hello" in each.events)
            yield listener
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
