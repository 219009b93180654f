"""What a group has committed on a real Kafka: of which batch, and what that tells of a key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from docuvault_contracts.cloudevents import Message

from services.chassis.consumer import Consumer, open_consumer
from services.chassis.consumer_batch import Batch
from services.chassis.consumer_group import BatchLost
from services.chassis.errors import Transient
from services.chassis.producer import open_producer
from tests.stack.chassis_consumers import Place, place, replica
from tests.stack.chassis_servers import kafka_settings, unique

KEYS = (b"one", b"two", b"three", b"four", b"five")


@pytest.fixture
async def at(stack: Any) -> AsyncIterator[Place]:
    async with place(stack) as found:
        yield found


async def test_a_commit_is_of_its_own_batch_however_far_has_been_polled(at: Place) -> None:
    settings = kafka_settings(at.stack, kafka_max_batch=2)
    await at.write("a", "b", "c", "d")
    async with open_consumer(settings, group=at.group, topics=[at.source]) as consumer:
        first, second = await consumer.poll(), await consumer.poll()
        assert [len(batch.records) for batch in (first, second)] == [2, 2]
        await consumer.commit(first)
        assert await at.committed() == 2
        await consumer.commit(second)
        assert await at.committed() == 4


async def test_what_was_said_of_a_key_is_known_to_be_settled_once_it_is_committed(stack: Any) -> None:
    async with (
        place(stack, partitions=3) as at,
        open_producer(kafka_settings(stack)) as producer,
        open_consumer(kafka_settings(stack), group=at.group, topics=[at.source]) as consumer,
    ):
        await producer.publish([Message(at.source, key, b"word", ()) for key in KEYS])
        batches = [await consumer.poll()]
        while sum(len(batch.records) for batch in batches) < len(KEYS):
            batches.append(await consumer.poll())
        marks = [await consumer.end_of(at.source, key) for key in KEYS]
        assert [await consumer.has_committed(mark) for mark in marks] == [False] * len(KEYS)
        for batch in batches:
            await consumer.commit(batch)
        assert [await consumer.has_committed(mark) for mark in marks] == [True] * len(KEYS)
        await producer.publish([Message(at.source, KEYS[0], b"another", ())])
        assert not await consumer.has_committed(await consumer.end_of(at.source, KEYS[0]))


async def test_nobody_knows_what_is_settled_before_the_group_is_joined(stack: Any) -> None:
    async with open_consumer(kafka_settings(stack), group=unique("group"), topics=["documents"]) as consumer:
        with pytest.raises(Transient, match="not joined"):
            await consumer.end_of("documents", KEYS[0])


class LosesOnce(Consumer):
    """A consumer whose first commit comes too late for its generation, with no rebalance noticed yet."""

    lost = 0

    async def commit(self, batch: Batch) -> None:
        if not self.lost:
            self.lost = 1
            raise BatchLost("CommitFailedError")
        await super().commit(batch)


async def test_a_refused_commit_replays_the_batch_although_polling_had_moved_on(at: Place) -> None:
    await at.write("a", "b")
    async with replica(at, consumer=LosesOnce) as running:
        await at.until_committed(2)
    assert running.handler.batches == [["a", "b"]] * 2
    assert running.dropped("commit") == 1
