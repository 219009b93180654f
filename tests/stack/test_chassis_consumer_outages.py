"""The consumer loop where something is away or hangs: the broker, a dependency of the handler, the handler itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from operator import attrgetter
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CorruptRecordException

from services.chassis import consumer_client
from services.chassis.consumer import Consumer
from services.chassis.consumer_batch import Batch
from services.chassis.errors import Transient
from services.chassis.watchdog import Watchdog
from tests.stack.chassis_consumers import Place, place, replica
from tests.stack.chassis_servers import hung_kafka, kafka_settings, start_kafka, until


@pytest.fixture
async def at(stack: Any) -> AsyncIterator[Place]:
    async with place(stack) as found:
        yield found


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


async def test_a_driver_that_cuts_itself_off_is_joined_anew_and_ends_nobody(
    at: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a poll, in the stop after it, and in a commit, as aiokafka may where it awaits what it has cancelled."""
    cut = dict.fromkeys(("getmany", "stop", "commit"), 0)

    def cuts(name: str) -> None:
        call = getattr(AIOKafkaConsumer, name)

        async def cut_off(self: Any, *args: Any, **options: Any) -> Any:
            found = await call(self, *args, **options)
            cut[name] += 1
            if cut[name] == 1:
                raise asyncio.CancelledError
            return found

        monkeypatch.setattr(AIOKafkaConsumer, name, cut_off)

    for name in cut:
        cuts(name)
    await at.write("a", "b")
    async with replica(at):
        await at.until_committed(2)
    assert min(cut.values()) >= 2
    assert set(await at.read()) == {"a", "b"}


@pytest.mark.parametrize("task", ["_fetcher._fetch_task", "_client._sync_task"])
async def test_a_driver_whose_task_in_the_background_has_died_is_joined_anew(at: Place, task: str) -> None:
    """As of an error that it does not expect: it says so in the log alone, and from then on nothing comes."""
    await at.write("a")
    async with replica(at) as running:
        await at.until_committed(1)
        client = attrgetter("_client")(running.consumer)
        attrgetter(f"_kafka.{task}")(client).cancel()
        await until(lambda: running.consumer.joined and attrgetter("_client")(running.consumer) is not client)
        await at.write("b")
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


async def test_a_back_off_longer_than_the_session_keeps_the_membership_and_the_batch(at: Place) -> None:
    await at.write("a", "b")
    async with replica(at) as running:
        await running.handler.entered.wait()
    async with replica(at, settings=kafka_settings(at.stack, kafka_session_timeout_seconds=2)) as running:
        running.handler.trouble = Transient("away")
        await at.write("c")
        await asyncio.sleep(4)  # twice the session
        running.handler.trouble = None
        await at.until_committed(3)
        assert running.dropped("rebalance") == 0
    assert running.handler.handled[-1] == "c"
