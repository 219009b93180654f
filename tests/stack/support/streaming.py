"""Many users with many streams each, and uploads that race under them: every stream is told what became of all."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from aiohttp import ClientSession, TCPConnector

from tests.stack.support.api import Answer, Api, Client, Upload, key_in
from tests.stack.support.sse import Listener, listening

SIZE_BYTES = 1000
UPLOADS = ("kept", "kept", "deleted", "withdrawn")
"""What a user does with each: confirm it; delete it, once that is done; delete it and never confirm it."""
FILES = 4096
OPENING = 50
"""So many streams are begun at once."""
TOLD_WITHIN_SECONDS = 60.0
AGAIN_SECONDS = 1.0
UNDECIDED, AWAY = 202, 503


@dataclass(frozen=True, slots=True)
class Reader:
    """A user, how many of their uploads fit, and what all their streams are told."""

    client: Client
    fits: int
    listeners: list[Listener] = field(default_factory=list)

    @property
    def limit_bytes(self) -> int:
        """The account's limit."""
        return limit_for(self.fits)


def limit_for(fits: int) -> int:
    """One byte is missing for one more."""
    return (fits + 1) * SIZE_BYTES - 1


@contextmanager
def many_files() -> Iterator[None]:
    """Lets this process hold as many connections as the test needs: many systems begin with 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def open_readers(api: Api, gateway_url: str, users: int, streams_of_user: int) -> AsyncIterator[list[Reader]]:
    """Users with room for one, two, three or all of their uploads, and their streams, by the gateway, past hello."""
    room = asyncio.Semaphore(OPENING)

    async def make(fits: int) -> Reader:
        return Reader(await api.user(limit_for(fits)), fits)

    async def listen(reader: Reader) -> None:
        async with room:
            opened = listening(session, gateway_url, reader.client.authorization)
            reader.listeners.append(await stack.enter_async_context(opened))

    with many_files():
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(ClientSession(connector=TCPConnector(limit=0)))
            fits = cycle(range(1, len(UPLOADS) + 1))
            readers = await asyncio.gather(*(make(next(fits)) for _ in range(users)))
            async with asyncio.TaskGroup() as group:
                for reader in readers * streams_of_user:
                    group.create_task(listen(reader))
            yield readers


@dataclass(frozen=True, slots=True)
class Fate:
    """A document, and what its owner was answered in the end: `kept`, `deleted` or `rejected`."""

    document_id: str
    is_now: str


async def upload_all(reader: Reader) -> list[Fate]:
    """All of a user's uploads, side by side."""
    return await asyncio.gather(*(_upload(reader.client, what) for what in UPLOADS))


async def _upload(client: Client, what: str) -> Fate:
    upload = await _begun(client)
    assert await client.put(upload, b"x" * SIZE_BYTES) == 200
    if what == "withdrawn":
        return await _withdraw(client, upload)
    answer = await _answered(lambda: client.confirm(upload.document_id), UNDECIDED, AWAY)
    if answer.status == 413:
        return Fate(upload.document_id, "rejected")
    assert (answer.status, answer.body["size_bytes"]) == (200, SIZE_BYTES), answer
    if what == "deleted":
        assert (await _answered(lambda: client.delete(upload.document_id), AWAY)).status in {204, 404}
    return Fate(upload.document_id, what)


async def _begun(client: Client) -> Upload:
    answer = await _answered(lambda: client.upload_url("report.pdf", "application/pdf"), AWAY)
    url = answer.body["upload_url"]
    return Upload(answer.body["document_id"], url, key_in(url))


async def _withdraw(client: Client, upload: Upload) -> Fate:
    """The store tells of the bytes too, so that the ledger may have refused them by then."""
    answer = await _answered(lambda: client.delete(upload.document_id), AWAY)
    if answer.status == 204:
        return Fate(upload.document_id, "deleted")
    refused = await _answered(lambda: client.confirm(upload.document_id), UNDECIDED, AWAY)
    assert (answer.status, refused.status) in {(404, 413), (404, 404)}, (answer, refused)
    return Fate(upload.document_id, "rejected" if refused.status == 413 else "deleted")


async def _answered(ask: Callable[[], Awaitable[Answer]], *unless: int) -> Answer:
    """An answer, asked for again while it is one of these: for a while a busy machine is too slow for the burst."""
    while True:
        answer = await ask()
        if answer.status not in unless:
            return answer
        if answer.status == AWAY:
            await asyncio.sleep(AGAIN_SECONDS)


async def check(reader: Reader, fates: Sequence[Fate]) -> Counter[str]:
    """At rest: each stream has told what its user was answered, and what the API says now; how often each fate was."""
    client, counts = reader.client, Counter(fate.is_now for fate in fates)
    assert counts["kept"] <= reader.fits
    quota = (await client.quota()).body
    assert quota == {"used_bytes": counts["kept"] * SIZE_BYTES, "limit_bytes": reader.limit_bytes}
    expected = {fate.document_id: await _told(client, fate) for fate in fates}
    for listener in reader.listeners:
        await listener.until(lambda each: _has_told(each, expected, quota), TOLD_WITHIN_SECONDS)
        assert not listener.ended.is_set()
        assert "reset" not in listener.events
    return counts


async def _told(client: Client, fate: Fate) -> dict[str, Any]:
    """What a stream says last of a document. Bytes that are seen once more are refused once more, by other numbers."""
    answer = await client.get(fate.document_id)
    if fate.is_now == "kept":
        assert answer.status == 200, answer
        return dict(answer.body)
    assert answer.status == 404, answer
    refusal = await client.confirm(fate.document_id) if fate.is_now == "rejected" else None
    numbers = None if refusal is None else refusal.body["detail"]
    return {"id": fate.document_id, "reason": fate.is_now, "filename": "report.pdf", "detail": numbers}


def _has_told(listener: Listener, expected: dict[str, Any], quota: dict[str, Any]) -> bool:
    """All of the user's documents, none of another's, and the account's last numbers."""
    return listener.documents == expected and listener.last("quota") == {**quota, "in_flight_bytes": 0}
