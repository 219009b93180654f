"""What the chassis' tests need of real servers: topics and schemas of their own, gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from pydantic import SecretStr
from yarl import URL

from deploy.local.kafka_reach import as_settings
from services.chassis.delivery import Record
from services.chassis.settings import DatabaseSettings, KafkaSettings


def kafka_settings(stack: Any, **changes: object) -> KafkaSettings:
    """Shorter time-outs than in production, so that a test of them is short too."""
    quick = {
        **as_settings(stack.info.kafka_environment),
        "kafka_request_timeout_seconds": 3,
        "kafka_publish_timeout_seconds": 4,
        "kafka_session_timeout_seconds": 6,
        "kafka_stop_timeout_seconds": 3,
    }
    return KafkaSettings(**{**quick, **changes})


@asynccontextmanager
async def topics(stack: Any, *names: str, partitions: int = 1, largest: int = 4 * 1024 * 1024) -> AsyncIterator[None]:
    """Topics that live as long as the block."""
    admin = AIOKafkaAdminClient(**stack.info.kafka)
    config = {"max.message.bytes": str(largest)}
    try:
        await admin.start()
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config) for name in names])
        await until(partial(_are_there, admin, names))
        yield
        await admin.delete_topics(list(names))
        await until(partial(_are_gone, admin, names))
    finally:
        await admin.close()


async def _are_there(admin: AIOKafkaAdminClient, names: Sequence[str]) -> bool:
    """A broker that has made a topic may tell of it a moment later."""
    return set(names) <= {each["topic"] for each in await admin.describe_topics() if each["partitions"]}


async def _are_gone(admin: AIOKafkaAdminClient, names: Sequence[str]) -> bool:
    """So that another test may make one of the name at once."""
    return set(names).isdisjoint(await admin.list_topics())


def unique(prefix: str) -> str:
    """A name that no other test has."""
    return f"{prefix}-{uuid4().hex[:10]}"


async def write(stack: Any, topic: str, values: Sequence[bytes], partition: int = 0) -> None:
    """Puts raw records there, as anybody could."""
    producer = AIOKafkaProducer(**stack.info.kafka, max_request_size=4 * 1024 * 1024)
    try:
        await producer.start()
        acks = [await producer.send(topic, value, key=b"key", partition=partition) for value in values]
        await asyncio.gather(*acks)
    finally:
        await producer.stop()


async def read(stack: Any, topic: str, *, partitions: int = 1) -> list[Record]:
    """Everything there is in a topic now, by partition and offset."""
    consumer = AIOKafkaConsumer(**stack.info.kafka, auto_offset_reset="earliest", fetch_max_wait_ms=10)
    found: list[Record] = []
    try:
        await consumer.start()
        every = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(every)
        ends = await consumer.end_offsets(every)
        while any([await consumer.position(one) < end for one, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [
                    Record(r.topic, r.partition, r.offset, r.key, r.value, tuple(r.headers), r.timestamp)
                    for r in records
                ]
    finally:
        await consumer.stop()
    return sorted(found, key=lambda record: (record.partition, record.offset))


async def committed(stack: Any, group: str, topic: str, partition: int = 0) -> int | None:
    """The offset a group has committed; None also while the broker cannot tell."""
    admin = AIOKafkaAdminClient(**stack.info.kafka)
    try:
        await admin.start()
        found = await admin.list_consumer_group_offsets(group)
        return int(found[TopicPartition(topic, partition)].offset)
    except (KafkaError, KeyError):
        return None
    finally:
        await admin.close()


async def start_kafka(stack: Any) -> None:
    """Starts it and waits until it answers: its process runs for seconds before that."""
    await asyncio.to_thread(stack.supervisor.start, "kafka", wait=True)
    await until(partial(_kafka_answers, stack))


@asynccontextmanager
async def hung_kafka(stack: Any) -> AsyncIterator[None]:
    """A broker that is there and says nothing; it has caught up again when the block is left."""
    await asyncio.to_thread(stack.supervisor.signal, "kafka", "STOP")
    try:
        yield
    finally:
        await asyncio.to_thread(stack.supervisor.signal, "kafka", "CONT")
        await until(partial(_kafka_answers, stack))


async def _kafka_answers(stack: Any) -> bool:
    admin = AIOKafkaAdminClient(**stack.info.kafka, request_timeout_ms=5000)
    try:
        await admin.start()
        await admin.find_coordinator("anybody")
    except (KafkaError, OSError):
        return False
    else:
        return True
    finally:
        await admin.close()


async def until(what: Callable[[], bool | Awaitable[bool]], seconds: float = 90) -> None:
    """Waits until something is so; fails where it does not become so in time."""
    async with asyncio.timeout(seconds):
        while not await _is_so(what()):  # noqa: ASYNC110 - nobody sets an event in a server
            await asyncio.sleep(0.02)


async def _is_so(found: bool | Awaitable[bool], /) -> bool:  # noqa: FBT001 - a fact, not a flag
    return found if isinstance(found, bool) else await found


@asynccontextmanager
async def schema(stack: Any) -> AsyncIterator[DatabaseSettings]:
    """Settings of a role whose search path is a schema of its own, dropped afterwards."""
    name = unique("chassis").replace("-", "_")
    url = stack.info.databases["postgres"]
    connection = await asyncpg.connect(url)
    await connection.execute(f"CREATE SCHEMA {name}")
    await connection.close()
    own = str(URL(url).update_query(search_path=name))
    yield DatabaseSettings(database_url=SecretStr(own), database_connect_timeout_seconds=3)
    connection = await asyncpg.connect(url)
    await connection.execute(f"DROP SCHEMA {name} CASCADE")
    await connection.close()
