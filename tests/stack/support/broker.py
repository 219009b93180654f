"""Kafka as a test needs it: to say a record and know when it was heard, and to read what was said about a document."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Envelope, Message, decode

from deploy.local.info import StackInfo
from deploy.local.kafka_reach import Reach
from tests.stack.support.waiting import WITHIN_SECONDS, eventually

FETCH_MS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record went."""

    partition: TopicPartition
    offset: int


class Broker:
    """One producer and one client of the groups' offsets."""

    def __init__(self, reach: Reach, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient) -> None:
        self._reach = reach
        self._producer = producer
        self._admin = admin

    async def say(self, message: Message) -> Place:
        """Publishes one record."""
        sent = await self._producer.send_and_wait(
            message.topic, message.value, message.key, headers=list(message.headers)
        )
        return Place(TopicPartition(sent.topic, sent.partition), sent.offset)

    async def notify(self, bucket: str, key: str, value: bytes) -> Place:
        """Publishes a record as the store does."""
        return await self.say(Message(topics.STORAGE_EVENTS.name, f"{bucket}/{key}".encode(), value, ()))

    async def heard(self, group: str, place: Place) -> None:
        """Returns once the group has committed that it is past the record."""

        async def is_past() -> bool:
            offsets = await self._admin.list_consumer_group_offsets(group, partitions=[place.partition])
            return bool(offsets[place.partition].offset > place.offset)

        await eventually(is_past, becomes=True)

    async def told(self, topic: topics.Topic, key: str, count: int = 1) -> list[ConsumerRecord[bytes, bytes]]:
        """The first `count` records of the topic under the key, however old; AssertionError where they do not come."""
        found: list[ConsumerRecord[bytes, bytes]] = []
        async with self._reader(topic) as reader:
            end = time.monotonic() + WITHIN_SECONDS
            while len(found) < count:
                batches = await reader.getmany(timeout_ms=FETCH_MS)
                found += [each for batch in batches.values() for each in batch if each.key == key.encode()]
                assert time.monotonic() < end, f"{len(found)} of {count} records under {key} in {topic.name}"
        return found

    async def notified(self, bucket: str, key: str, count: int = 1) -> list[Place]:
        """Where the first `count` of the store's own notifications about the object went."""
        found = await self.told(topics.STORAGE_EVENTS, f"{bucket}/{key}", count)
        return [Place(TopicPartition(each.topic, each.partition), each.offset) for each in found]

    async def events(self, topic: topics.Topic, document_id: str, count: int) -> list[Envelope]:
        """The first `count` events of the topic about a document."""
        return [decode(each.headers, each.value) for each in await self.told(topic, document_id, count)]

    async def events_at_rest(self, topic: topics.Topic, document_id: str, count: int) -> list[Envelope]:
        """All events of the topic about a document, at least `count`: what is decided is said a moment later."""
        await self.told(topic, document_id, count)
        found: list[Envelope] = []
        async with self._reader(topic) as reader:
            ends = await reader.end_offsets(list(reader.assignment()))
            while any([await reader.position(partition) < end for partition, end in ends.items()]):
                batches = await reader.getmany(timeout_ms=FETCH_MS)
                records = [each for batch in batches.values() for each in batch if each.key == document_id.encode()]
                found += [decode(each.headers, each.value) for each in records]
        return found

    @asynccontextmanager
    async def _reader(self, topic: topics.Topic) -> AsyncIterator[AIOKafkaConsumer]:
        reader = AIOKafkaConsumer(
            **self._reach,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=10,
        )
        await reader.start()
        try:
            partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
            reader.assign(partitions)
            await reader.seek_to_beginning(*partitions)
            yield reader
        finally:
            await reader.stop()


@asynccontextmanager
async def open_broker(info: StackInfo) -> AsyncIterator[Broker]:
    """Connects to a stack's Kafka."""
    producer = AIOKafkaProducer(**info.kafka, acks="all", linger_ms=0)
    admin = AIOKafkaAdminClient(**info.kafka)
    await producer.start()
    try:
        await admin.start()
        yield Broker(info.kafka, producer, admin)
    finally:
        await producer.stop()
        await admin.close()
