"""Notifications as MinIO writes them, waiting in Kafka."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message
from docuvault_contracts.keys import make_key, new_document_id
from docuvault_contracts.topics import Topic

from benchmarks.site import Site

SIZE_BYTES = 1000
AT_ONCE = 1000
TRANSACTION_SECONDS = 120
QUIET_SECONDS = 4.0
SAMPLED_EACH = 100
"""One in so many notifications is of a trace that is sampled."""


def notification(bucket: str, user_id: UUID, observed_ns: int) -> tuple[bytes, bytes]:
    """Key and value of the record about a new object of SIZE_BYTES bytes, in all of MinIO's words."""
    key = str(make_key(user_id, new_document_id(), "scan.pdf"))
    item = {
        "key": key.replace("/", "%2F"),
        "size": SIZE_BYTES,
        "eTag": uuid4().hex,
        "contentType": "application/pdf",
        "userMetadata": {"X-Amz-Meta-Traceparent": _trace(observed_ns), "content-type": "application/pdf"},
        "sequencer": f"{observed_ns:X}",
    }
    whole = {"EventName": "s3:ObjectCreated:Put", "Key": f"{bucket}/{key}", "Records": [_record(bucket, item)]}
    return f"{bucket}/{key}".encode(), json.dumps(whole, separators=(",", ":")).encode()


def _trace(number: int) -> str:
    return f"00-{uuid4().hex}-00f067aa0ba902b7-{0 if number % SAMPLED_EACH else 1:02}"


def _record(bucket: str, item: dict[str, object]) -> dict[str, object]:
    who = {"principalId": "docuvault-upload"}
    return {
        "eventVersion": "2.0",
        "eventSource": "minio:s3",
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-24T11:16:23.322Z",
        "eventName": "s3:ObjectCreated:Put",
        "userIdentity": who,
        "requestParameters": {**who, "region": "us-east-1", "sourceIPAddress": "127.0.0.1"},
        "responseElements": {
            "x-amz-id-2": "0" * 64,
            "x-amz-request-id": "18EAF70094543ACA",
            "x-minio-deployment-id": "00000000-0000-0000-0000-000000000000",
            "x-minio-origin-endpoint": "http://127.0.0.1:9000",
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "Config",
            "bucket": {"name": bucket, "ownerIdentity": who, "arn": f"arn:aws:s3:::{bucket}"},
            "object": item,
        },
        "source": {"host": "127.0.0.1", "port": "", "userAgent": "Mozilla/5.0 (X11; Linux x86_64)"},
    }


@asynccontextmanager
async def piled_up(site: Site, users: Sequence[UUID], records: int) -> AsyncIterator[None]:
    """Writes so many notifications, the users taking turns; nobody sees them inside, and all at once at the end."""
    bucket, first = site.info.bucket, time.time_ns()
    notifications = (notification(bucket, users[each % len(users)], first + each) for each in range(records))
    async with said_at_once(
        site, (Message(topics.STORAGE_EVENTS.name, key, value, ()) for key, value in notifications)
    ):
        yield


@asynccontextmanager
async def said_at_once(site: Site, messages: Iterable[Message]) -> AsyncIterator[None]:
    """Writes all of them; nobody sees them inside, and all at once at the end."""
    async with _producer(site) as producer, producer.transaction():
        for some in batched(messages, AT_ONCE):
            sends = [await producer.send(each.topic, each.value, each.key, headers=list(each.headers)) for each in some]
            for ack in sends:
                await ack
        yield


def batched(messages: Iterable[Message], most: int) -> Iterator[list[Message]]:
    """So many at a time, in their order."""
    rest = iter(messages)
    while some := list(islice(rest, most)):
        yield some


@asynccontextmanager
async def _producer(site: Site) -> AsyncIterator[AIOKafkaProducer]:
    """Transactional: who reads what is committed, as all of our consumers do, sees all of a transaction or nothing."""
    producer = AIOKafkaProducer(
        **site.info.kafka,
        transactional_id=f"bench-{uuid4()}",
        transaction_timeout_ms=TRANSACTION_SECONDS * 1000,
        max_batch_size=256 * 1024,
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def skip_to_end(site: Site, group: str, topic: Topic) -> None:
    """Makes a group without members begin with the next record that is written to the topic."""
    consumer = AIOKafkaConsumer(**site.info.kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        await consumer.commit(await consumer.end_offsets(partitions))
    finally:
        await consumer.stop()


Count = Callable[[], Awaitable[int]]


@asynccontextmanager
async def counted(site: Site, topic: Topic) -> AsyncIterator[Count]:
    """Tells how many records have been written to the topic."""
    consumer = AIOKafkaConsumer(**site.info.kafka, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]

        async def count() -> int:
            return int(sum((await consumer.end_offsets(partitions)).values()))

        yield count
    finally:
        await consumer.stop()


async def settled_end(site: Site, topic: Topic) -> int:
    """How many records a topic holds once the store, which delivers on a tick of 3 s, has nothing more to say."""
    async with counted(site, topic) as count:
        before, now = -1, await count()
        while now != before:
            await asyncio.sleep(QUIET_SECONDS)
            before, now = now, await count()
    return now
