"""The consumer loop on a real Kafka: groups that rebalance, processes that die in between, orderly stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from docuvault_contracts.cloudevents import Message

from services.chassis import consumer_client
from services.chassis.consumer import open_consumer
from services.chassis.consumer_batch import Batch
from services.chassis.errors import Transient
from services.chassis.producer import Producer, open_producer
from services.chassis.retry import unless
from tests.stack.chassis_consumers import Place, place, replica
from tests.stack.chassis_servers import kafka_settings, read, until


@pytest.fixture
async def at(stack: Any) -> AsyncIterator[Place]:
    async with place(stack) as found:
        yield found


class Killed(BaseException):
    """The process is gone."""


class DiesAfterPublish:
    """A producer whose process is killed right after the acks."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    async def publish(self, messages: Sequence[Message], /) -> None:
        await self._producer.publish(messages)
        raise Killed


class HoldsAfterPublish:
    """A producer whose first acks take long to be noticed."""

    def __init__(self, producer: Producer, seconds: float) -> None:
        self._producer = producer
        self._seconds = seconds

    async def publish(self, messages: Sequence[Message], /) -> None:
        await self._producer.publish(messages)
        seconds, self._seconds = self._seconds, 0.0
        await asyncio.sleep(seconds)


async def test_records_are_handled_said_and_committed(at: Place) -> None:
    await at.write(*(f"v{number}" for number in range(1200)))
    async with replica(at) as running:
        await at.until_committed(1200)
    assert running.handler.handled == await at.read() == [f"v{number}" for number in range(1200)]
    assert max(len(batch) for batch in running.handler.batches) <= 500


async def test_what_nobody_understands_is_found_among_the_dead_letters_with_its_origin(at: Place) -> None:
    await at.write("a", "garbage", "b")
    async with replica(at):
        await at.until_committed(3)
    assert await at.read() == ["a", "b"]
    (letter,) = await read(at.stack, f"dlq.{at.group}")
    headers = dict(letter.headers)
    assert (letter.key, letter.value) == (b"key", b"garbage")
    assert (headers["dlq_topic"], headers["dlq_offset"]) == (at.source.encode(), b"1")
    assert headers["dlq_reason"] == b"it is garbage"


async def test_records_of_two_mebibytes_pass(at: Place) -> None:
    words = ["x" * (1024 * 1024) for _ in range(3)]
    await at.write("small", *("garbage".ljust(2 * 1024 * 1024 - 200) for _ in range(2)), *words)
    async with replica(at) as running:
        await at.until_committed(6)
    assert running.handler.handled == ["small", "garbage", "garbage", *words]


async def test_a_process_that_dies_between_publish_and_commit_says_the_same_again(stack: Any, at: Place) -> None:
    await at.write("a", "b", "c")
    async with open_producer(kafka_settings(stack)) as producer:
        with pytest.raises(Killed):
            await _run_to_death(at, DiesAfterPublish(producer))
    assert await at.committed() is None
    async with replica(at):
        await at.until_committed(3)
    assert await at.read() == ["a", "b", "c"] * 2


async def test_a_member_that_joins_in_mid_batch_makes_the_batch_replayed_and_nothing_is_lost(stack: Any) -> None:
    async with place(stack, partitions=2) as at, replica(at) as first:
        first.handler.open.clear()
        await at.write("a0", "a1", partition=0)
        await at.write("b0", "b1", partition=1)
        await first.handler.entered.wait()
        async with replica(at) as second:
            await until(lambda: first.dropped("rebalance") == 0 and second.consumer.joined)
            first.handler.open.set()
            await until(lambda: first.dropped("rebalance") >= 1)  # one or two batches, as they were polled
            await at.until_committed(2, 2)
        assert set(await at.read()) == {"a0", "a1", "b0", "b1"}
        assert len(first.handler.handled + second.handler.handled) > 4


async def test_records_that_come_as_the_poll_is_left_are_given_by_the_next_one(
    at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch falls just as the next one comes: in a rebalance that one is of the new assignment, and nobody else's."""
    real = consumer_client.ConsumerClient.poll
    fallen = asyncio.Event()
    turns = 0

    async def poll(client: consumer_client.ConsumerClient, seconds: float) -> Batch:
        found = await real(client, seconds)
        if found.records:
            fallen.set()
            for _ in range(turns):
                with suppress(asyncio.CancelledError):  # the records are taken, and are on their way to the caller
                    await asyncio.sleep(0)
        return found

    monkeypatch.setattr(consumer_client.ConsumerClient, "poll", poll)
    async with open_consumer(kafka_settings(at.stack), group=at.group, topics=[at.source]) as consumer:
        left = 0
        for turns in range(8):
            fallen.clear()
            await at.write(f"v{turns}")
            found = await unless(consumer.poll(), fallen)
            if found is None:
                left += 1
                found = await asyncio.wait_for(consumer.poll(), 30)
            assert [record.value for record in found.records] == [f"v{turns}".encode()]
        assert 0 < left < 8  # some turns before its result is there, some after


async def test_partitions_that_go_while_backing_off_are_left_to_their_new_owner(stack: Any) -> None:
    async with place(stack, partitions=1) as at, replica(at) as first:
        first.handler.trouble = Transient("the database is away, for this replica alone")
        await at.write("a")
        await first.handler.entered.wait()
        async with replica(at) as second:
            await until(lambda: first.dropped("rebalance") > 0)
            first.handler.trouble = None
            await at.until_committed(1)
            assert set(first.handler.handled + second.handler.handled) == {"a"}


async def test_a_stop_finishes_the_batch_at_work(at: Place) -> None:
    await at.write("a", "b")
    async with replica(at) as running:
        running.handler.open.clear()
        await running.handler.entered.wait()
        running.stop.set()
        await asyncio.sleep(0.2)
        running.handler.open.set()
        assert running.task is not None
        await asyncio.wait_for(running.task, 5)
    assert await at.committed() == 2
    assert await at.read() == ["a", "b"]


async def test_a_stop_in_a_back_off_leaves_the_batch_to_the_next_start(at: Place) -> None:
    await at.write("a")
    async with replica(at) as running:
        running.handler.trouble = Transient("away")
        await running.handler.entered.wait()
        running.stop.set()
        assert running.task is not None
        await asyncio.wait_for(running.task, 2)
    assert await at.committed() is None
    async with replica(at):
        await at.until_committed(1)
    assert await at.read() == ["a"]


async def test_a_batch_that_takes_longer_than_the_poll_interval_is_left_by_its_member_and_replayed(
    at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_client, "MAX_POLL_INTERVAL_SECONDS", 2.0)
    await at.write("a")
    async with replica(at) as running:
        running.handler.open.clear()
        await running.handler.entered.wait()
        await until(lambda: running.dropped("late") == 1)
        running.handler.open.set()
        await at.until_committed(1)
    assert set(await at.read()) == {"a"}


async def test_a_rebalance_between_publish_and_commit_is_no_time_to_commit(at: Place) -> None:
    await at.write("a")
    async with open_producer(kafka_settings(at.stack)) as producer:
        async with replica(at, producer=HoldsAfterPublish(producer, 8)) as running:
            await until(lambda: running.handler.handled == ["a"])
            async with replica(at) as second:
                await until(lambda: running.dropped("rebalance") == 1)
                await at.until_committed(1)
        # the first one may get its partition back for a moment, and handle the batch ahead of the one that falls
        assert [*running.handler.handled, *second.handler.handled] in (["a"] * 2, ["a"] * 3)
    assert await at.read() == ["a", "a"]


async def test_a_member_that_joins_while_two_batches_are_on_their_way_makes_both_replayed_in_order(stack: Any) -> None:
    settings = kafka_settings(stack, kafka_max_batch=2)
    async with place(stack) as at, open_producer(kafka_settings(stack)) as producer:
        async with replica(at, producer=HoldsAfterPublish(producer, 8), settings=settings) as first:
            await at.write("a", "b", "c", "d")
            await until(lambda: first.handler.handled == ["a", "b", "c", "d"])
            async with replica(at, settings=settings):
                await until(lambda: first.dropped("rebalance") >= 2)
                await at.until_committed(4)
        said = await at.read()
    assert said[:2] == ["a", "b"]
    assert said[2:] == ["a", "b", "c", "d"]


async def test_batches_overlap_and_yet_what_is_said_stays_in_order(at: Place) -> None:
    values = [f"v{number:05}" for number in range(10_000)]
    await at.write(*values)
    async with replica(at, settings=kafka_settings(at.stack, kafka_max_batch=37)):
        await at.until_committed(10_000)
    assert await at.read() == values


async def test_records_larger_than_a_fetch_come_all_the_same_and_hold_nobody_up(stack: Any) -> None:
    large = "x" * 1_000_000
    async with place(stack, partitions=3) as at:
        for partition in range(3):
            await at.write("a", large, large, "b", partition=partition)
        async with replica(at, settings=kafka_settings(stack, kafka_fetch_bytes=64 * 1024)) as running:
            await at.until_committed(4, 4, 4)
    assert sorted(running.handler.handled) == sorted(["a", large, large, "b"] * 3)


async def _run_to_death(at: Place, producer: DiesAfterPublish) -> None:
    async with replica(at, producer=producer) as doomed:
        assert doomed.task is not None
        await doomed.task
