"""Kafka from the outside: whole topics, records of any kind to any partition, and where the groups stand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import DeleteGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest
from aiokafka.structs import ConsumerRecord, OffsetAndMetadata

from deploy.local.info import StackInfo
from deploy.local.kafka_reach import Reach
from services.chassis.group_offsets import committed

MAX_REQUEST_BYTES = 4 * 1024 * 1024
FETCH_MS = 200
COMMITTED_SECONDS = 5.0
STABLE = "Stable"


@dataclass(frozen=True, slots=True)
class Raw:
    """A record to write, as it is: nothing of it needs to make sense."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Wire:
    """A producer and the groups' offsets; readers are opened as they are needed."""

    def __init__(self, reach: Reach, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient) -> None:
        self._reach = reach
        self._producer = producer
        self._admin = admin

    async def partitions(self, topic: str) -> list[TopicPartition]:
        """All partitions of a topic."""
        found = (await self._admin.describe_topics([topic]))[0]["partitions"]
        return [TopicPartition(topic, number) for number in sorted(each["partition"] for each in found)]

    async def write(self, raws: Sequence[Raw], partition: int) -> list[int]:
        """Writes records side by side in the order given; their offsets."""
        acks = [
            await self._producer.send(raw.topic, raw.value, raw.key, partition=partition, headers=list(raw.headers))
            for raw in raws
        ]
        return [(await ack).offset for ack in acks]

    async def write_again(self, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Says records once more, each in its partition, as a producer does that missed an ack."""
        acks = [
            await self._producer.send(
                each.topic, each.value, each.key, partition=each.partition, headers=list(each.headers)
            )
            for each in records
        ]
        await asyncio.gather(*acks)

    async def read(self, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
        """Everything in the topic until now, in order per partition."""
        async with self._reader() as reader:
            partitions = await self.partitions(topic)
            reader.assign(partitions)
            ends = await reader.end_offsets(partitions)
            await reader.seek_to_beginning(*partitions)
            found: list[ConsumerRecord[bytes, bytes]] = []
            while any([await reader.position(partition) < end for partition, end in ends.items()]):
                for batch in (await reader.getmany(timeout_ms=FETCH_MS)).values():
                    found += batch
        return found

    async def unread(self, group: str, topics: Sequence[str]) -> int:
        """How many records of the topics the group has not committed."""
        committed = await self._admin.list_consumer_group_offsets(group)
        async with self._reader() as reader:
            by_topic = [await self.partitions(topic) for topic in topics]
            ends = await asyncio.gather(*map(reader.end_offsets, by_topic))
        return sum(
            end - (committed[each].offset if each in committed else 0) for of in ends for each, end in of.items()
        )

    async def start_over(self, group: str) -> None:
        """Sets every committed offset of a group without members back to the first record there is."""
        committed = await self._committed(group)
        if not committed:
            return
        async with self._reader(group) as reader:
            reader.assign(list(committed))
            await reader.commit(await reader.beginning_offsets(list(committed)))

    async def skip_to_the_end(self, group: str, topics: Sequence[str] = ()) -> None:
        """Sets a group without members behind all there is in what it reads, or in `topics`: it never hears of that."""
        committed = await self._committed(group)
        read = topics or sorted({each.topic for each in committed})
        every = [partition for topic in read for partition in await self.partitions(topic)]
        if not every:
            return
        async with self._reader(group) as reader:
            reader.assign(every)
            await reader.commit(await reader.end_offsets(every))

    async def _committed(self, group: str) -> dict[TopicPartition, object]:
        """Where a group stands; waited for a little: a coordinator that has just started tells of nothing at first."""
        end = time.monotonic() + COMMITTED_SECONDS
        committed: dict[TopicPartition, object] = {}
        while not committed and time.monotonic() < end:
            committed = dict(await self._admin.list_consumer_group_offsets(group))
            await asyncio.sleep(0 if committed else FETCH_MS / 1000)
        return committed

    async def forget(self, group: str) -> None:
        """Removes a group without members, and with it every offset that it ever committed."""
        coordinator = await self._admin.find_coordinator(group)
        answer = await self._admin._send_request(DeleteGroupsRequest([group]), coordinator)  # noqa: SLF001 - likewise
        for _, code in answer.results:
            if code:
                raise for_code(code)(f"group {group}: error code {code}")

    async def offsets(self, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """Where the group stands. Raises KafkaError where no coordinator of it answers."""
        return await committed(self._admin, group)

    async def position(self, group: str) -> int:
        """How many records the group has committed, over all of its partitions."""
        return sum(each.offset for each in (await self._admin.list_consumer_group_offsets(group)).values())

    async def dismiss(self, group: str) -> None:
        """Removes all members that the group has, as an operator does with dead ones; one that lives joins again."""
        coordinator = await self._admin.find_coordinator(group)
        for member in (await self._admin.describe_consumer_groups([group]))[0].groups[0][5]:
            request = LeaveGroupRequest(group, member[0])
            await self._admin._send_request(request, coordinator)  # noqa: SLF001 - aiokafka's admin has no call for it

    async def members(self, group: str) -> int:
        """How many members the group has; 0 while it is being rebalanced."""
        described = (await self._admin.describe_consumer_groups([group]))[0].groups[0]
        state, members = described[2], described[5]
        return len(members) if state == STABLE else 0

    @asynccontextmanager
    async def _reader(self, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
        reader = AIOKafkaConsumer(
            **self._reach,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=MAX_REQUEST_BYTES,
            fetch_max_wait_ms=10,
        )
        await reader.start()
        try:
            yield reader
        finally:
            await reader.stop()


@asynccontextmanager
async def open_wire(info: StackInfo) -> AsyncIterator[Wire]:
    """Connects to a stack's Kafka; not to be held while that is away."""
    producer = AIOKafkaProducer(**info.kafka, acks="all", max_request_size=MAX_REQUEST_BYTES, linger_ms=0)
    admin = AIOKafkaAdminClient(**info.kafka)
    try:
        await producer.start()
        await admin.start()
        yield Wire(info.kafka, producer, admin)
    finally:
        await producer.stop()
        await admin.close()
