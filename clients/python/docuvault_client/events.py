"""The stream of changes (Server-Sent Events), gone on with by its last id when it was cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import aiohttp
from docuvault_contracts.http import Document, Response
from docuvault_contracts.http_live import StreamExpired, StreamHello, StreamQuota, StreamRemoved, StreamReset

from docuvault_client.errors import DocuvaultError, Unavailable, Unexpected, error_of
from docuvault_client.retry import PASSING, seconds_of
from docuvault_client.transport import LOST, Api, json_of, parsed, said_of

Event = Document | StreamHello | StreamQuota | StreamRemoved | StreamReset | StreamExpired
"""What is told: match by type. After StreamHello and StreamReset list anew; Document replaces what you have of it."""

MODELS: Mapping[str, type[Response]] = {
    "document": Document,
    "hello": StreamHello,
    "quota": StreamQuota,
    "removed": StreamRemoved,
    "reset": StreamReset,
    "expired": StreamExpired,
}
UNHEARD_SECONDS = 60.0
"""Patience with a stream that has not said yet how often it will be heard of."""
MOST_LINE_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class Blocks:
    """Reads lines into blocks. Format: HTML's section 9.2, Server-sent events. Pure."""

    last_id: str | None = None
    retry_seconds: float | None = None
    """How long the server wants a client to wait that lost its stream."""
    _event: str = ""
    _data: list[str] = field(default_factory=list)

    def line(self, text: str) -> tuple[str, str] | None:
        """The event and its data, where the line ends one."""
        if text:
            self._field(*_split(text))
            return None
        event, data, self._event, self._data = self._event, self._data, "", []
        return (event or "message", "\n".join(data)) if data else None

    def _field(self, name: str, value: str) -> None:
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "retry" and value.isdecimal():
            self.retry_seconds = int(value) / 1000
        elif name == "id" and "\0" not in value:
            self.last_id = value


def _split(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name, value.removeprefix(" ")


class Listener:
    """One caller's stream, over as many connections as it takes."""

    def __init__(self, session: aiohttp.ClientSession, api: Api, last_id: str | None) -> None:
        self._session = session
        self._api = api
        self._blocks = Blocks(last_id)
        self._silence = UNHEARD_SECONDS

    async def events(self) -> AsyncGenerator[Event]:
        """Until the token has expired. Raises Unauthorized, Unavailable where no connection comes about."""
        tried = 0
        while True:
            pause = None
            try:
                async for event in self._connection():
                    tried = 0
                    yield event
                    if isinstance(event, StreamExpired):
                        return
                trouble: DocuvaultError = Unavailable("the stream ended")
            except _Again as again:
                trouble, pause = again.trouble, again.pause
            tried += 1
            if tried >= self._api.patience.tries:
                raise trouble
            await asyncio.sleep(self._api.patience.pause(tried, pause or self._blocks.retry_seconds))

    async def _connection(self) -> AsyncGenerator[Event]:
        last = self._blocks.last_id
        self._blocks = Blocks(last, self._blocks.retry_seconds)
        sent = await self._api.headers() | ({"Last-Event-ID": last} if last else {})
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=self._silence)
        try:
            async with self._session.get(
                f"{self._api.url}/api/events", headers=sent, timeout=timeout, allow_redirects=False,
                read_bufsize=MOST_LINE_BYTES,
            ) as response:  # fmt: skip
                await _accept(response)
                async for raw in response.content:
                    event = self._heard(raw)
                    if event is not None:
                        yield event
        except LOST as error:
            raise _Again(Unavailable(f"the stream was cut: {said_of(error)}")) from None

    def _heard(self, raw: bytes) -> Event | None:
        found = self._blocks.line(raw.decode("utf-8", "replace").rstrip("\r\n"))
        if found is None or found[0] not in MODELS:
            return None
        event = parsed(MODELS[found[0]], json_of(found[1].encode()))
        if isinstance(event, StreamHello):
            self._silence = 2 * event.heartbeat_seconds
        return event  # type: ignore[return-value]


class _Again(Exception):
    """A connection that may come about next time."""

    def __init__(self, trouble: DocuvaultError, pause: float | None = None) -> None:
        super().__init__()
        self.trouble, self.pause = trouble, pause


async def _accept(response: aiohttp.ClientResponse) -> None:
    if response.status == 200 and response.content_type == "text/event-stream":  # noqa: PLR2004 - HTTP's
        return
    if response.status == 200:  # noqa: PLR2004 - HTTP's
        raise Unexpected("the answer is no stream of events")
    trouble = error_of(response.status, json_of(await response.read()))
    if response.status in PASSING:
        raise _Again(trouble, seconds_of(response.headers.get("Retry-After")))
    raise trouble
