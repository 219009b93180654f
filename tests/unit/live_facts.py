"""A hub with an open window, what it hears, and a client that remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import AccountChanged, DocumentChanged

from services.chassis.delivery import Record
from services.upload.document import Document
from services.upload.live.events import Quota
from services.upload.live.hub import Hub
from services.upload.live.looks import Look
from services.upload.live.stream import Stream
from services.upload.live.talk import Talk, Terms
from services.upload.live.window import Window
from tests.stack.support.sse import Said, parse
from tests.unit.upload_facts import NOW, USER

PARTITIONS = 6
OTHER = UUID("44444444-4444-4444-8444-444444444444")
"""Another user, whose changes are in the same partition as USER's."""
NOW_MS = 1_800_000_000_000
SOON = 0.05


def ids(count: int) -> list[UUID]:
    return [UUID(int=number + 1) for number in range(count)]


class Clock:
    """Milliseconds, as a test says."""

    now = NOW_MS

    def __call__(self) -> int:
        return self.now


def make_hub(*, seconds: float = 300, most: int = 100, queue: int = 50, of_user: int = 3, streams: int = 5) -> Hub:
    """A hub before anything was read."""
    return Hub(Window(seconds, most, queue), most=streams, most_of_user=of_user, queue=queue, now_ms=Clock())


def filled(hub: Hub, offset: int = 10) -> Hub:
    """The same with a window that is open, each partition read up to `offset`."""
    hub.begin(PARTITIONS)
    for partition in range(PARTITIONS):
        hub.start(partition, offset)
    hub.caught_up()
    return hub


def change(hub: Hub, user_id: UUID, document_id: UUID | None = None, *, skip: int = 0) -> Record:
    """The next record of the user's partition, or one `skip` later."""
    partition = hub.window.partition_of(user_id)
    event = (
        AccountChanged(user_id=user_id)
        if document_id is None
        else DocumentChanged(user_id=user_id, document_id=document_id)
    )
    message = encode(event, id="1", source="test", time=NOW)
    offset = (hub.window.place(partition) or 0) + skip
    return Record(message.topic, partition, offset, message.key, message.value, message.headers, NOW_MS)


def hear(hub: Hub, user_id: UUID, *documents: UUID | None) -> None:
    """Each is a record of its own."""
    for document in documents:
        hub.take([change(hub, user_id, document)])


def place(hub: Hub, user_id: UUID = USER) -> str:
    """The newest id of a user."""
    return str(hub.window.now(user_id))


@dataclass
class Eyes:
    """What is to be seen; `away` may raise."""

    documents: dict[UUID, Document] = field(default_factory=dict)
    quota: Quota | None = None
    away: Callable[[], None] = lambda: None
    looks: list[Look] = field(default_factory=list)
    before: Callable[[], Awaitable[None]] | None = None

    async def see(self, look: Look) -> Look:
        self.looks.append(look)
        if self.before is not None:
            await self.before()
        self.away()
        look.documents = [self.documents[each] for each in look.document_ids if each in self.documents]
        look.quota = self.quota if look.wants_quota else None
        return look


class Client:
    """Reads a talk, which runs in the background."""

    def __init__(self, hub: Hub, eyes: Eyes, stream: Stream, terms: Terms) -> None:
        self._raw = b""
        self._news = asyncio.Event()
        self.stream = stream
        self.task = asyncio.ensure_future(Talk(hub, eyes, stream, terms, self._write).run())

    async def _write(self, raw: bytes) -> None:
        self._raw += raw
        self._news.set()

    @property
    def said(self) -> Sequence[Said]:
        """All that was told, but for `retry`."""
        return [each for each in parse(self._raw) if each.event != "retry"]

    @property
    def events(self) -> list[str]:
        """The names of the events, without heartbeats."""
        return [each.event for each in self.said if each.event]

    @property
    def newest_id(self) -> str | None:
        """The id with which it would come again."""
        return next((each.id for each in reversed(self.said) if each.id), None)

    async def until(self, seen: Callable[[Client], object], seconds: float = 5.0) -> None:
        """Waits until what was told is so."""
        async with asyncio.timeout(seconds):
            while not seen(self):
                self._news.clear()
                await self._news.wait()

    async def leave(self) -> str:
        """Hangs up; why the talk ended."""
        self.stream.end("left")
        return await self.task
