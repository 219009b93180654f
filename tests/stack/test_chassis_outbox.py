"""The transactional outbox between a real PostgreSQL and a real Kafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from docuvault_contracts.cloudevents import Message
from prometheus_client import CollectorRegistry

from services.chassis.errors import Transient
from services.chassis.metrics import Metrics
from services.chassis.outbox import Outbox, relay
from services.chassis.postgres import Pool, load_sql, open_pool, transaction
from services.chassis.producer import Producer, Publisher, Unpublishable, open_producer
from services.chassis.settings import DatabaseSettings
from tests.stack.chassis_servers import kafka_settings, read, schema, topics, unique, until
from tests.unit.spans import remembered


class Killed(BaseException):
    """The process is gone."""


class Watched:
    """A producer that counts its publishes, and may be away, or die right after the acks."""

    def __init__(self, producer: Producer) -> None:
        self.real = producer
        self.away = False
        self.slow_seconds = 0.0
        self.dies_after: int | None = None
        self.published = 0

    def beyond(self, count: int) -> bool:
        """Whether more than `count` messages are acked."""
        return self.published > count

    async def publish(self, messages: Sequence[Message], /) -> None:
        if self.away:
            raise Transient("broker away")
        await asyncio.sleep(self.slow_seconds)
        await self.real.publish(messages)
        self.published += len(messages)
        if self.dies_after is not None and self.published >= self.dies_after:
            raise Killed


@dataclass
class Place:
    """An outbox table, a topic, and a producer."""

    stack: Any
    settings: DatabaseSettings
    pool: Pool
    topic: str
    producer: Watched

    def message(self, key: str, text: str) -> Message:
        return Message(
            self.topic, key.encode(), text.encode(), (("ce_id", f"{key}:{text}".encode()), ("raw", b"\xff\0"))
        )

    async def add(self, outbox: Outbox, *messages: Message) -> None:
        async with transaction(self.pool) as connection:
            await outbox.add(connection, messages)
        outbox.wake()

    async def waiting(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM outbox"))

    async def until_empty(self, seconds: float = 60) -> None:
        async def is_so() -> bool:
            return await self.waiting() == 0

        await until(is_so, seconds)

    async def said(self) -> list[str]:
        return [(record.value or b"").decode() for record in await read(self.stack, self.topic)]


@pytest.fixture
async def at(stack: Any) -> AsyncIterator[Place]:
    topic = unique("outbox")
    async with (
        schema(stack) as settings,
        open_pool(settings) as pool,
        topics(stack, topic),
        open_producer(kafka_settings(stack)) as producer,
    ):
        await pool.execute(load_sql("services.chassis")["outbox_table"])
        yield Place(stack, settings, pool, topic, Watched(producer))


@asynccontextmanager
async def relaying(
    pool: Pool, producer: Publisher, outbox: Outbox, metrics: Metrics | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """A relay as a replica runs it; it ends with the block unless it died before."""
    stop = asyncio.Event()
    task = asyncio.create_task(relay(pool, producer, outbox, stop, metrics or Metrics(CollectorRegistry())))
    try:
        yield task
    finally:
        stop.set()
        outbox.wake()
        done, _ = await asyncio.wait({task}, timeout=10)
        assert done


async def test_what_is_committed_is_said_with_its_headers_and_forgotten(at: Place) -> None:
    outbox = Outbox()
    async with relaying(at.pool, at.producer, outbox):
        await at.add(outbox, at.message("k", "a"), at.message("k", "b"))
        await at.until_empty()
    first, second = await read(at.stack, at.topic)
    assert (first.key, first.value, second.value) == (b"k", b"a", b"b")
    assert first.headers == (("ce_id", b"k:a"), ("raw", b"\xff\0"))


async def test_a_round_that_says_something_is_traced_to_its_commit_and_one_that_finds_nothing_is_not(at: Place) -> None:
    outbox = Outbox()
    with remembered() as memory:
        async with open_pool(at.settings) as pool, relaying(pool, at.producer, outbox):
            await asyncio.sleep(1.2)  # a poll, which finds nothing
            assert memory.made == []
            await at.add(outbox, at.message("k", "a"))
            await at.until_empty()
    (whole,) = memory.named("relay outbox")
    parts = [each.name for each in memory.made if each.parent == whole.traceparent]
    assert (whole.ended, parts) == (True, ["chassis.outbox_delete", "COMMIT"])


async def test_what_is_rolled_back_is_never_said(at: Place) -> None:
    outbox = Outbox()
    with pytest.raises(ValueError, match="changed its mind"):
        await _add_and_fail(at, outbox)
    async with relaying(at.pool, at.producer, outbox):
        await at.add(outbox, at.message("k", "b"))
        await at.until_empty()
    assert await at.said() == ["b"]


async def test_a_commit_is_said_within_milliseconds(at: Place) -> None:
    outbox = Outbox()
    took = []
    async with relaying(at.pool, at.producer, outbox):
        for number in range(21):
            await asyncio.sleep(0.01)
            before, started = at.producer.published, time.perf_counter()
            await at.add(outbox, at.message("k", str(number)))
            await until(partial(at.producer.beyond, before))
            took.append(time.perf_counter() - started)
    assert sorted(took)[10] < 0.15  # a poll alone would take half a second


async def test_the_row_of_a_replica_that_died_is_found_by_a_poll(at: Place) -> None:
    async with relaying(at.pool, at.producer, Outbox()):
        await at.until_empty()
        await at.add(Outbox(), at.message("k", "orphan"))
        await at.until_empty(seconds=5)
    assert await at.said() == ["orphan"]


async def test_more_than_one_batch_is_drained_without_waiting_for_a_poll(at: Place) -> None:
    outbox, texts = Outbox(), [str(number) for number in range(1700)]
    await at.add(outbox, *(at.message("k", text) for text in texts))
    async with relaying(at.pool, at.producer, outbox):
        await at.until_empty(seconds=10)
    assert await at.said() == texts


async def test_a_broker_that_is_away_keeps_the_rows_and_their_order(at: Place) -> None:
    outbox, metrics = Outbox(), Metrics(CollectorRegistry())
    at.producer.away = True
    async with relaying(at.pool, at.producer, outbox, metrics):
        await at.add(outbox, at.message("k", "a"))
        await at.add(outbox, at.message("k", "b"))
        await asyncio.sleep(0.3)
        assert await at.waiting() == 2
        at.producer.away = False
        await at.until_empty()
    assert await at.said() == ["a", "b"]
    assert metrics.registry.get_sample_value("docuvault_outbox_published_total") == 2


async def test_two_relays_keep_order_per_key_and_repeat_only_what_a_killed_one_had_not_forgotten(at: Place) -> None:
    first, second = Outbox(), Outbox()
    doomed = Watched(at.producer.real)
    doomed.dies_after = 40
    keys = [f"k{number}" for number in range(5)]
    async with (
        open_pool(at.settings) as other,
        relaying(at.pool, doomed, first) as dying,
        relaying(other, at.producer, second),
    ):
        for number in range(60):
            for key in keys:
                await at.add((first, second)[number % 2], at.message(key, f"{number:03}"))
        await at.until_empty()
        await until(dying.done)
        assert isinstance(dying.exception(), Killed)
    found = await read(at.stack, at.topic)
    for key in keys:
        ids = [dict(record.headers)["ce_id"] for record in found if record.key == key.encode()]
        assert list(dict.fromkeys(ids)) == [f"{key}:{number:03}".encode() for number in range(60)]
    assert 300 < len(found) <= 300 + doomed.published


async def test_two_relays_say_each_message_once_and_in_order(at: Place) -> None:
    at.producer.slow_seconds = 0.03
    first, second, texts = Outbox(), Outbox(), [f"{number:02}" for number in range(40)]
    async with (
        open_pool(at.settings) as other,
        relaying(at.pool, at.producer, first),
        relaying(other, at.producer, second),
    ):
        for text in texts:
            await at.add(first, at.message("k", text))
            second.wake()
            await asyncio.sleep(0.01)
        await at.until_empty()
    assert await at.said() == texts


async def test_a_message_that_could_never_leave_is_refused_at_the_door(at: Place) -> None:
    with pytest.raises(Unpublishable):
        await at.add(Outbox(), at.message("k", "x" * (3 * 1024 * 1024)))
    assert await at.waiting() == 0


async def test_a_relay_lives_through_the_loss_of_its_connections(at: Place) -> None:
    outbox = Outbox()
    async with relaying(at.pool, at.producer, outbox), open_pool(at.settings) as other:
        await other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'docuvault' AND pid <> pg_backend_pid() AND datname = current_database()"
        )
        async with transaction(other) as connection:
            await outbox.add(connection, [at.message("k", "a")])
        outbox.wake()
        at.pool = other
        await at.until_empty(seconds=20)
    assert set(await at.said()) == {"a"}


async def _add_and_fail(at: Place, outbox: Outbox) -> None:
    async with transaction(at.pool) as connection:
        await outbox.add(connection, [at.message("k", "a")])
        raise ValueError("changed its mind")
