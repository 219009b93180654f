"""Watches Kafka while the demo runs: one readable line an event, as it happens, without a URL or a secret."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import NotACloudEvent, decode
from docuvault_contracts.events import (
    ClassificationFailed,
    Classified,
    DocumentEvent,
    QuotaRejected,
    QuotaReleased,
    QuotaReserved,
    UploadObserved,
)
from docuvault_contracts.keys import parse_key
from docuvault_contracts.s3 import MalformedNotification, parse_notification

from deploy.local.info import StackInfo
from deploy.ops.demo_client import DemoError

WATCHED = (topics.STORAGE_EVENTS, topics.DOCUMENTS, topics.QUOTA, topics.CLASSIFICATION, topics.STORAGE_JANITOR)
OFFICE = "application/vnd.openxmlformats-officedocument."
"""A beginning of media types that leaves no room for anything else in a line."""
NAMING_SECONDS = 0.05
"""An event may be faster than the answer to the request that caused it, which tells the document's id."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event about a document, in words."""

    topic: str
    type: str
    user_id: UUID
    document_id: UUID
    detail: str = ""
    event_id: str | None = None


@dataclass(slots=True)
class Watcher:
    """Tells of events about the users in `people` (names by id); `files` gives documents their names."""

    tell: Callable[[str], None]
    people: dict[UUID, str] = field(default_factory=dict)
    files: dict[UUID, str] = field(default_factory=dict)
    _seen: list[Happening] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self, consumer: AIOKafkaConsumer) -> None:
        """Runs until it is cancelled."""
        async for record in consumer:
            for happening in happenings(record):
                if happening.user_id in self.people and not self._is_repeated(happening):
                    await self._hear(happening)

    def _is_repeated(self, happening: Happening) -> bool:
        """The same fact said again carries the same id."""
        return happening.event_id is not None and any(each.event_id == happening.event_id for each in self._seen)

    async def _hear(self, happening: Happening) -> None:
        if happening.document_id not in self.files:
            await asyncio.sleep(NAMING_SECONDS)
        self.tell(self._line(happening))
        self._seen.append(happening)
        self._news.set()

    def _line(self, happening: Happening) -> str:
        file = self.files.get(happening.document_id, str(happening.document_id)[:8])
        who = self.people[happening.user_id]
        return f"{happening.topic:<15} {happening.type:<19} {who}'s {file}  {happening.detail}".rstrip()

    async def until_seen(self, event_type: str, document_id: UUID, within_seconds: float = 20) -> Happening:
        """The event, now or as soon as it comes. Raises DemoError where it does not come in time."""
        try:
            async with asyncio.timeout(within_seconds):
                while (found := self._find(event_type, document_id)) is None:
                    self._news.clear()
                    await self._news.wait()
                return found
        except TimeoutError:
            name = self.files.get(document_id, str(document_id))
            raise DemoError(f"no {event_type} about {name} within {within_seconds:.0f} s") from None

    def _find(self, event_type: str, document_id: UUID) -> Happening | None:
        wanted = (event_type, document_id)
        return next((each for each in self._seen if (each.type, each.document_id) == wanted), None)


@asynccontextmanager
async def watching(info: StackInfo, tell: Callable[[str], None]) -> AsyncIterator[Watcher]:
    """A watcher of all that happens from now on."""
    watcher = Watcher(tell)
    consumer = AIOKafkaConsumer(**info.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        await _go_to_the_end(consumer)
        following = asyncio.create_task(watcher.follow(consumer))
        try:
            yield watcher
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
    finally:
        await consumer.stop()


async def _go_to_the_end(consumer: AIOKafkaConsumer) -> None:
    partitions = [TopicPartition(topic.name, number) for topic in WATCHED for number in range(topic.partitions)]
    consumer.assign(partitions)
    for partition, end in (await consumer.end_offsets(partitions)).items():
        consumer.seek(partition, end)


def happenings(record: ConsumerRecord[bytes, bytes]) -> Iterator[Happening]:
    """What a record tells of documents; nothing where it tells of none, or cannot be read."""
    with suppress(NotACloudEvent, MalformedNotification):
        if record.topic == topics.STORAGE_EVENTS.name:
            yield from _notified(record)
        else:
            envelope = decode(record.headers, record.value)
            if isinstance(event := envelope.event, DocumentEvent):
                yield Happening(record.topic, event.type, event.user_id, event.document_id, _detail(event), envelope.id)


def _notified(record: ConsumerRecord[bytes, bytes]) -> Iterator[Happening]:
    for each in parse_notification(record.value):
        key = parse_key(each.key)
        if key is not None:
            size = f"{each.size_bytes:,} bytes" if each.kind == "created" and each.size_bytes is not None else ""
            yield Happening(record.topic, f"object {each.kind}", key.user_id, key.document_id, size)


def _detail(event: DocumentEvent) -> str:
    match event:
        case UploadObserved():
            return f"{event.size_bytes:,} bytes"
        case QuotaReserved():
            return f"{event.size_bytes:,} bytes; {event.used_bytes:,} of {event.limit_bytes:,} used"
        case QuotaRejected():
            return f"{event.rejected_bytes:,} bytes, {event.reason}; {event.used_bytes:,} of {event.limit_bytes:,} used"
        case QuotaReleased():
            return f"{event.released_bytes:,} bytes, {event.reason}; {event.used_bytes:,} used"
        case Classified() | ClassificationFailed():
            return "; ".join(each for each in (_filed(event), _language(event), _kind(event)) if each)
    return ""


def _filed(event: Classified | ClassificationFailed) -> str:
    if isinstance(event, ClassificationFailed):
        return event.reason
    return ", ".join(f"{topic.name} {topic.score:.2f}" for topic in event.topics) or event.note or "under nothing"


def _kind(event: Classified | ClassificationFailed) -> str | None:
    return event.media_type and event.media_type.removeprefix(OFFICE)


def _language(event: Classified | ClassificationFailed) -> str | None:
    return event.language if isinstance(event, Classified) else None
