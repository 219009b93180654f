"""Transfers from and to the store, by presigned URLs: without the token, which is none of its business."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from docuvault_client.errors import DocuvaultError, StoreRefused, Unavailable
from docuvault_client.retry import PASSING, Patience, seconds_of
from docuvault_client.sources import Reader
from docuvault_client.transport import LOST, said_of

THERE_ALREADY = 412
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
MOST_ERROR_BYTES = 64 * 1024
Moved = Callable[[int], None]
"""Is told of bytes that were handed over; of a negative number where they have to be sent again."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where bytes go. The URL is a secret: it is in no text of this object."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Fetched:
    """What there is of an object by now, in bytes, and the object's etag as the store wrote it."""

    size: int = 0
    etag: str = ""


class _Trouble(Exception):
    """A try that may go better next time."""

    def __init__(self, words: str, pause: float | None = None) -> None:
        super().__init__(words)
        self.pause = pause


class Store:
    """Puts bytes, as often as it takes."""

    def __init__(self, session: aiohttp.ClientSession, patience: Patience) -> None:
        self._session = session
        self._patience = patience

    async def put(self, place: Place, reader: Reader, start: int, size: int, moved: Moved) -> str:
        """The etag, without quotes; "" where an earlier try had arrived, whose answer was lost.

        Raises StoreRefused, Unavailable, and what the reader raises.
        """
        tries = self._patience.tries if reader.again else 1
        for tried in range(1, tries + 1):
            sending = _Sending(reader, start, size, moved, self._patience.stall_seconds)
            try:
                return await self._try(place, sending, first=tried == 1)
            except _Trouble as trouble:
                sending.take_back()
                if tried == tries:
                    raise Unavailable(f"the store is away: {trouble}") from None
                await asyncio.sleep(self._patience.pause(tried, trouble.pause))
            except BaseException:
                sending.take_back()
                raise
        raise AssertionError("there is at least one try")

    async def _try(self, place: Place, sending: _Sending, *, first: bool) -> str:
        try:
            return await self._once(place, sending, first=first)
        except LOST as error:
            if sending.failure is not None:
                raise sending.failure from None
            raise _Trouble(said_of(error)) from None

    async def _once(self, place: Place, sending: _Sending, *, first: bool) -> str:
        async with asyncio.timeout(sending.stall_seconds) as limit:
            sending.limit = limit
            async with self._session.put(
                URL(place.url, encoded=True),
                data=sending.pieces(),
                headers={**place.headers, "Content-Length": str(sending.size)},
                skip_auto_headers={"Content-Type"},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=sending.stall_seconds),
            ) as response:
                return await _etag(response, first=first)

    async def get(self, url: str, fetched: Fetched) -> AsyncGenerator[bytes]:
        """The bytes from where it stands on, of the same object as before. Raises StoreRefused, Unavailable."""
        start, headers = fetched.size, {"Accept-Encoding": "identity"}
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Match": fetched.etag}
        patience = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=self._patience.stall_seconds)
        try:
            async with self._session.get(
                URL(url, encoded=True), headers=headers, timeout=patience, allow_redirects=False
            ) as response:
                if response.status != (206 if start else 200):
                    await _refuse(response)
                fetched.etag = response.headers.get("ETag", "")
                async for piece in response.content.iter_any():
                    yield piece
                    fetched.size += len(piece)
        except _Trouble as trouble:
            raise Unavailable(f"the store is away: {trouble}") from None
        except LOST as error:
            raise Unavailable(f"the store is away: {said_of(error)}") from None


@dataclass(slots=True)
class _Sending:
    """One try. What the reader raises is kept, since the HTTP client shows an error of its own in its place."""

    reader: Reader
    start: int
    size: int
    moved: Moved
    stall_seconds: float
    sent: int = 0
    failure: DocuvaultError | None = None
    limit: asyncio.Timeout | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """A generator even where there is nothing: the HTTP client sends none by itself a second time."""
        try:
            async with aclosing(self.reader.chunks(self.start, self.size)) as pieces:
                async for piece in pieces:
                    yield piece
                    self._went(len(piece))
        except DocuvaultError as error:
            self.failure = error
            raise

    def _went(self, size: int) -> None:
        self.sent += size
        self.moved(size)
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(asyncio.get_running_loop().time() + self.stall_seconds)

    def take_back(self) -> None:
        """Nothing of this try counts."""
        self.moved(-self.sent)
        self.sent = 0


async def _etag(response: aiohttp.ClientResponse, *, first: bool) -> str:
    if response.status == THERE_ALREADY and not first:
        return ""
    if response.status // 100 != 2:  # noqa: PLR2004 - HTTP's
        await _refuse(response)
    return response.headers.get("ETag", "").strip('"')


async def _refuse(response: aiohttp.ClientResponse) -> None:
    found = _CODE.search((await response.content.read(MOST_ERROR_BYTES)).decode("utf-8", "replace"))
    code = found[1] if found else ""
    if response.status in PASSING:
        raise _Trouble(f"{response.status} {code}".rstrip(), seconds_of(response.headers.get("Retry-After")))
    raise StoreRefused(response.status, code)
