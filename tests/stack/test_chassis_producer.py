"""The producer on a real Kafka that goes away, refuses and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import DocumentChanged
from docuvault_contracts.topics import CHANGES

from services.chassis.errors import Transient
from services.chassis.producer import Producer, Unpublishable, open_producer
from tests.stack.chassis_servers import hung_kafka, kafka_settings, read, start_kafka, topics, unique


def message(topic: str, text: str, key: str = "k") -> Message:
    return Message(topic, key.encode(), text.encode(), (("ce_id", text[:20].encode()),))


@pytest.fixture
async def topic(stack: Any) -> AsyncIterator[str]:
    name = unique("said")
    async with topics(stack, name, partitions=3):
        yield name


@pytest.fixture
async def producer(stack: Any) -> AsyncIterator[Producer]:
    async with open_producer(kafka_settings(stack)) as found:
        yield found


async def test_what_was_published_is_there_in_order_per_key(stack: Any, producer: Producer, topic: str) -> None:
    said = [message(topic, f"{key}{number:03}", key) for number in range(300) for key in "abc"]
    await asyncio.gather(producer.publish(said), producer.publish([message(topic, "other", "z")]))
    found = await read(stack, topic, partitions=3)
    for key in "abc":
        values = [record.value for record in found if record.key == key.encode()]
        assert values == [f"{key}{number:03}".encode() for number in range(300)]
    assert len(found) == 901


async def test_the_largest_message_there_may_be_is_published(stack: Any, producer: Producer, topic: str) -> None:
    await producer.publish([message(topic, "x" * (2 * 1024 * 1024 - 1000))])
    assert len(await read(stack, topic, partitions=3)) == 1


async def test_a_message_over_its_limit_is_refused_before_anything_is_sent(
    stack: Any, producer: Producer, topic: str
) -> None:
    with pytest.raises(Unpublishable, match="is over the"):
        await producer.publish([message(topic, "small"), message(topic, "x" * (2 * 1024 * 1024))])
    assert await read(stack, topic, partitions=3) == []


async def test_a_producer_that_the_broker_refused_is_replaced_and_works_on(stack: Any, producer: Producer) -> None:
    narrow = unique("narrow")
    async with topics(stack, narrow, largest=2000):
        await producer.publish([message(narrow, "before")])
        with pytest.raises(Unpublishable, match="MessageSizeTooLarge"):
            await producer.publish([message(narrow, "x" * 5000)])
        for number in range(5):
            await producer.publish([message(narrow, f"after{number}")])
        values = [record.value for record in await read(stack, narrow)]
        assert values == [b"before", *(f"after{number}".encode() for number in range(5))]


async def test_a_broker_that_hangs_is_trouble_in_bounded_time_and_is_found_again(
    stack: Any, producer: Producer, topic: str
) -> None:
    await producer.publish([message(topic, "before")])
    async with hung_kafka(stack), asyncio.timeout(12):
        with pytest.raises(Transient):
            await producer.publish([message(topic, "during")])
        with pytest.raises(Transient):
            await producer.ping()
    await retried(producer, [message(topic, "after")])
    values = {record.value for record in await read(stack, topic, partitions=3)}
    assert {b"before", b"after"} <= values


async def test_a_broker_that_restarts_is_found_again(stack: Any, producer: Producer, topic: str) -> None:
    await producer.publish([message(topic, "before")])
    await asyncio.to_thread(stack.supervisor.stop, "kafka")
    with pytest.raises(Transient):
        await producer.publish([message(topic, "during")])
    await start_kafka(stack)
    await retried(producer, [message(topic, "after")])
    values = [record.value for record in await read(stack, topic, partitions=3)]
    assert values[0] == b"before"
    assert b"after" in values


async def test_a_producer_needs_no_broker_to_start_and_stops_in_time(stack: Any) -> None:
    nowhere = kafka_settings(stack, kafka_bootstrap_servers="127.0.0.1:1", kafka_publish_timeout_seconds=0.5)
    async with asyncio.timeout(8), open_producer(nowhere) as producer:
        with pytest.raises(Transient):
            await producer.publish([message("any", "x")])


async def test_more_than_fits_into_one_batch_is_there_in_order_among_others(
    stack: Any, producer: Producer, topic: str
) -> None:
    said = [message(topic, f"{number:04}".ljust(2000, "."), key) for number in range(400) for key in "abc"]
    singles = [producer.publish([message(topic, f"single{number}", "z")]) for number in range(50)]
    await asyncio.gather(producer.publish(said), *singles)
    found = await read(stack, topic, partitions=3)
    assert len(found) == 1250
    for key in "abc":
        values = [(record.value or b"")[:4] for record in found if record.key == key.encode()]
        assert values == [f"{number:04}".encode() for number in range(400)]


async def test_many_messages_and_few_go_to_the_same_partition_of_their_key(
    stack: Any, producer: Producer, topic: str
) -> None:
    keys = [str(uuid4()) for _ in range(40)]
    await producer.publish([message(topic, "many", key) for key in keys])
    for key in keys:
        await producer.publish([message(topic, "one", key)])
    places: dict[bytes | None, set[int]] = {}
    for record in await read(stack, topic, partitions=3):
        places.setdefault(record.key, set()).add(record.partition)
    assert len(places) == 40
    assert all(len(partitions) == 1 for partitions in places.values())
    assert len(set.union(*places.values())) == 3


async def test_a_topic_that_was_never_spoken_of_takes_many_at_once(stack: Any, producer: Producer) -> None:
    one, other = unique("new"), unique("new")
    async with topics(stack, one, partitions=6), topics(stack, other):
        said = [message(name, f"{number}", f"{number}") for number in range(100) for name in (one, other)]
        await producer.publish(said)
        assert len(await read(stack, one, partitions=6)) == len(await read(stack, other)) == 100


@pytest.mark.parametrize("at_once", [1200, 1])
async def test_all_hints_about_one_user_are_taken_however_many_there_are_at_once(
    stack: Any, producer: Producer, at_once: int
) -> None:
    user_id, now = uuid4(), datetime.now(UTC)
    hints = [
        encode(DocumentChanged(user_id=user_id, document_id=uuid4()), id=f"{number:04}", source="test", time=now)
        for number in range(1200)
    ]
    await asyncio.gather(*(producer.publish(hints[at : at + at_once]) for at in range(0, len(hints), at_once)))
    found = [record for record in await read(stack, CHANGES.name, partitions=6) if record.key == hints[0].key]
    assert sorted(record.value or b"" for record in found) == sorted(hint.value for hint in hints)


async def test_many_of_which_the_broker_refuses_one_are_no_success_and_do_not_stop_the_next(
    stack: Any, producer: Producer
) -> None:
    narrow = unique("narrow")
    async with topics(stack, narrow, largest=300_000):
        small = [message(narrow, f"before{number}") for number in range(20)]
        with pytest.raises(Unpublishable, match="MessageSizeTooLarge"):
            await producer.publish([*small, message(narrow, "x" * 400_000), *small])
        await producer.publish([message(narrow, f"after{number}") for number in range(20)])
        values = [record.value for record in await read(stack, narrow)]
        assert values[-20:] == [f"after{number}".encode() for number in range(20)]
        assert b"before19" in values


async def test_many_that_meet_a_hung_broker_are_trouble_in_bounded_time(
    stack: Any, producer: Producer, topic: str
) -> None:
    def many(text: str) -> list[Message]:  # more than one batch a partition: the second waits for room
        return [message(topic, f"{text}{number}".ljust(10_000, "."), f"{number % 5}") for number in range(300)]

    await producer.publish(many("before"))
    async with hung_kafka(stack), asyncio.timeout(12):
        with pytest.raises(Transient):
            await producer.publish(many("during"))
    async with asyncio.timeout(30):
        await retried(producer, many("after"))
    last = {record.key: record.value or b"" for record in await read(stack, topic, partitions=3)}
    assert all(value.startswith(b"after29") for value in last.values())


async def retried(producer: Producer, found: Sequence[Message]) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await producer.publish(found)
            except Transient:
                await asyncio.sleep(0.1)
            else:
                return
