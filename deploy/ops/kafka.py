"""Kafka as an operator's command sees it: topics, records, and where consumer groups stand. Joins no group.

Every call is bounded in time: a broker that is away, or that hangs, is a StackError.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from docuvault_contracts import topics

from deploy.local.errors import StackError, one_line
from deploy.local.kafka_reach import Reach
from deploy.ops.kafka_admin import Admin
from services.chassis.consumer_records import Suspicion, install
from services.chassis.delivery import Record
from services.chassis.group_offsets import committed
from services.chassis.retry import apart

T = TypeVar("T")

TIMEOUT_SECONDS = 10.0
"""The longest silence of a broker."""
REQUEST_MS = 5000
RETRY_SECONDS = 0.1
FETCH_RECORDS = 500
FETCH_BYTES = topics.dead_letter_topic("").max_message_bytes + 64 * 1024
"""Of one partition: just above the largest record there can be."""
FETCH_WAIT_MS = 10
"""What is read is there already; the next partition waits for the last one's fetch of what is not there yet."""
CLOSE_SECONDS = 3.0
_MEMBERS = 5
"""Which field of a described group lists them."""

Bounds = Mapping[TopicPartition, tuple[int, int]]
"""The first offset there is and the next one to be written, of each partition."""


class Kafka:
    """Reads; neither commits nor writes. It reads as the chassis does: whatever lies there, nothing raises."""

    def __init__(self, admin: AIOKafkaAdminClient, consumer: AIOKafkaConsumer) -> None:
        self._admin = admin
        self._consumer = consumer

    async def partitions(self) -> Mapping[str, int]:
        """How many partitions each topic has."""
        found = await answer(self._admin.describe_topics())
        return {each["topic"]: len(each["partitions"]) for each in found}

    async def bounds(self, names: Sequence[str]) -> Bounds:
        """Asked topic by topic, side by side: the client takes a tenth of a second to learn of each it did not know."""
        described = await answer(self._admin.describe_topics(list(names)))
        by_topic = [[TopicPartition(of["topic"], each["partition"]) for each in of["partitions"]] for of in described]
        firsts = await asyncio.gather(*(answer(self._consumer.beginning_offsets(those)) for those in by_topic))
        ends = await asyncio.gather(*(answer(self._consumer.end_offsets(those)) for those in by_topic))
        return {at: (first[at], end[at]) for first, end in zip(firsts, ends, strict=True) for at in first}

    async def since(self, partitions: Sequence[TopicPartition], time_ms: int) -> Mapping[TopicPartition, int]:
        """The offset of the first record since that time (ms since the epoch), of the partitions that have one."""
        found = await answer(self._consumer.offsets_for_times(dict.fromkeys(partitions, time_ms)))
        return {at: each.offset for at, each in found.items() if each is not None}

    async def members(self, group: str) -> int:
        """How many members the group has, also while it is being rebalanced."""
        described = await answer(self._admin.describe_consumer_groups([group]))
        return len(described[0].groups[0][_MEMBERS])

    async def committed(self, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Asks until the group's coordinator is there: of a broker just started, or asked for the first time."""
        return await answer(self._committed(group))

    async def _committed(self, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
        while True:
            try:
                return await committed(self._admin, group)
            except KafkaError as error:
                if not error.retriable:
                    raise
            await asyncio.sleep(RETRY_SECONDS)

    async def records(self, at: TopicPartition, first: int, end: int) -> AsyncGenerator[Record, None]:
        """The records from offset `first` on, before `end`, as they come; a few megabytes of them at a time."""
        self._consumer.assign([at])
        self._consumer.seek(at, first)
        while await answer(self._consumer.position(at)) < end:
            found = await answer(self._fetched(at))
            for record in found:
                if record.offset < end:
                    yield record

    async def _fetched(self, at: TopicPartition) -> Sequence[Record]:
        """Something, or nothing where the position has moved on by itself, past what a transaction left."""
        before = await self._consumer.position(at)
        while True:
            found: Mapping[TopicPartition, Sequence[Record]] = await self._consumer.getmany(
                at, timeout_ms=200, max_records=FETCH_RECORDS
            )
            if found or await self._consumer.position(at) != before:
                return found.get(at, ())


@asynccontextmanager
async def open_kafka(reach: Reach) -> AsyncIterator[Kafka]:
    """Connects. Raises StackError where no broker answers."""
    install()
    admin = Admin(**reach, request_timeout_ms=REQUEST_MS)
    consumer = AIOKafkaConsumer(
        **reach,
        request_timeout_ms=REQUEST_MS,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=FETCH_WAIT_MS,
        check_crcs=Suspicion(1),
    )
    try:
        await answer(admin.start())
        await answer(consumer.start())
        yield Kafka(admin, consumer)
    finally:
        for close in (consumer.stop, admin.close):
            with suppress(TimeoutError, KafkaError, OSError):  # what was to be read is read
                await apart(close(), CLOSE_SECONDS)


async def answer(call: Coroutine[object, object, T]) -> T:
    """What a driver's call returns. Raises StackError where the broker does not answer, or not as it should."""
    try:
        return await apart(call, TIMEOUT_SECONDS)
    except (KafkaError, OSError) as error:  # a TimeoutError is an OSError
        words = one_line(error) if str(error) else f"it is silent for {TIMEOUT_SECONDS:.0f} s"
        raise StackError(f"Kafka does not answer: {words}; `make status` says more") from error
