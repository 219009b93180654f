"""The consumer loop on a real Kafka: groups that rebalance, brokers that go away, processes that die in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException
from docuvault_contracts.cloudevents import Message

from services.chassis import consumer_client
from services.chassis.consumer import Consumer
from services.chassis.consumer_batch import Batch
from services.chassis.consumer_group import BatchLost
from services.chassis.errors import Transient
from services.chassis.producer import Producer, open_producer
from services.chassis.watchdog import Watchdog
from tests.stack.chassis_consumers import Place, place, replica
from tests.stack.chassis_servers import hung_kafka, kafka_settings, read, start_kafka, until


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
            await until(lambda: first.dropped("rebalance") == 1)
            await at.until_committed(2, 2)
        assert set(await at.read()) == {"a0", "a1", "b0", "b1"}
        assert len(first.handler.handled + second.handler.handled) > 4


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


async def test_a_back_off_longer_than_the_session_keeps_the_membership_and_the_batch(at: Place) -> None:
    await at.write("a", "b")
    async with replica(at) as running:
        await running.handler.entered.wait()
    async with replica(at) as running:
        running.handler.trouble = Transient("away")
        await at.write("c")
        await asyncio.sleep(8)  # the session is 6 s
        running.handler.trouble = None
        await at.until_committed(3)
        assert running.dropped("rebalance") == 0
    assert running.handler.handled[-1] == "c"


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


async def test_a_batch_that_takes_longer_than_the_poll_interval_is_replayed(
    at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_client, "MAX_POLL_INTERVAL_SECONDS", 2.0)
    await at.write("a")
    async with replica(at) as running:
        running.handler.open.clear()
        await running.handler.entered.wait()
        await asyncio.sleep(5)
        running.handler.open.set()
        await at.until_committed(1)
    assert running.dropped("rebalance") == 1
    assert running.handler.batches == [["a"]] * 2


async def test_a_poll_that_fails_loses_nothing(at: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    poll, failures = consumer_client.ConsumerClient.poll, 1

    async def failing(self: consumer_client.ConsumerClient, seconds: float) -> Batch:
        nonlocal failures
        found = await poll(self, seconds)
        if found.records and failures:
            failures -= 1
            raise CorruptRecordException("after some records had been taken")
        return found

    monkeypatch.setattr(consumer_client.ConsumerClient, "poll", failing)
    await at.write("a", "b")
    async with replica(at):
        await at.until_committed(2)
    assert await at.read() == ["a", "b"]


async def test_a_handler_that_hangs_is_reported_and_one_that_backs_off_is_not(at: Place) -> None:
    await at.write("a")
    async with replica(at, watchdog=Watchdog(1.5)) as running:
        running.handler.trouble = Transient("away")
        await running.handler.entered.wait()
        await asyncio.sleep(4)
        assert not running.stuck.is_set()
        running.handler.open.clear()
        running.handler.trouble = None
        await asyncio.wait_for(running.stuck.wait(), 20)
    assert running.watchdog.lag == 1


async def test_a_consumer_starts_without_a_broker_and_works_through_its_restarts(at: Place) -> None:
    await at.write("a")
    await asyncio.to_thread(at.stack.supervisor.stop, "kafka")
    async with replica(at) as running:
        await asyncio.sleep(1)
        await start_kafka(at.stack)
        await at.until_committed(1)
        await asyncio.to_thread(at.stack.supervisor.stop, "kafka")
        await start_kafka(at.stack)
        await at.write("b")
        await at.until_committed(2)
    assert set(await at.read()) == {"a", "b"}
    assert running.handler.handled[0] == "a"


async def test_a_stop_without_a_broker_ends_in_time(at: Place) -> None:
    await at.write("a")
    async with replica(at) as running:
        await at.until_committed(1)
        async with hung_kafka(at.stack):
            running.stop.set()
            assert running.task is not None
            await asyncio.wait_for(running.task, 5)
            await asyncio.wait_for(running.consumer.close(), 10)


async def test_readiness_needs_a_joined_group_and_a_broker(at: Place) -> None:
    with pytest.raises(Transient):
        await Consumer(kafka_settings(at.stack), at.group, [at.source]).ping()
    async with replica(at) as running:
        await until(lambda: running.consumer.joined)
        await running.consumer.ping()


async def _run_to_death(at: Place, producer: DiesAfterPublish) -> None:
    async with replica(at, producer=producer) as doomed:
        assert doomed.task is not None
        await doomed.task
