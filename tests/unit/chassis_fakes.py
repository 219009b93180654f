"""Fakes for the chassis' own protocols: a parser, a handler and a publisher that remember and misbehave on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from aiokafka.structs import TopicPartition
from docuvault_contracts.cloudevents import Message
from prometheus_client import CollectorRegistry

from services.chassis.consumer_batch import Batch
from services.chassis.consumer_work import BatchWork, Line
from services.chassis.deadletter_budget import DeadLetterBudget
from services.chassis.deadletter_cap import DeadLetterCap
from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.errors import InvalidEvent
from services.chassis.metrics import Metrics
from services.chassis.producer import Publisher
from services.chassis.watchdog import Watchdog

GROUP = "testers"


def record(offset: int, value: bytes | None = b"", headers: tuple[tuple[str, bytes | None], ...] = ()) -> Record:
    return Record("t", 0, offset, b"key", value, headers, 0)


def batch(values: Iterable[bytes]) -> Batch:
    records = tuple(record(offset, value) for offset, value in enumerate(values))
    partition = TopicPartition("t", 0)
    return Batch(records, {partition: 0}, {partition: len(records)})


def words(found: Record) -> Sequence[Delivery[str]]:
    """One event for each word of the value; "garbage" is none, "bug" crashes the parser."""
    text = (found.value or b"").decode()
    if text == "garbage":
        raise InvalidEvent("it is garbage")
    if text == "bug":
        raise KeyError("no such field")
    origin = (found.topic, found.partition, found.offset)
    return [Delivery(word, Origin(*origin, index)) for index, word in enumerate(text.split())]


class Applier:
    """A handler: `before` may raise; what gets past it is applied, and says itself."""

    def __init__(self, before: Callable[[Sequence[str]], None] = lambda _: None) -> None:
        self.before = before
        self.applied: list[str] = []
        self.attempts = 0

    async def handle(self, found: Sequence[Delivery[str]], /) -> Iterable[Message]:
        self.attempts += 1
        events = [each.event for each in found]
        self.before(events)
        self.applied += events
        return [Message("said", event.encode(), event.encode(), ()) for event in events]


class Said:
    """A publisher: `before` may raise; what gets past it was acked."""

    def __init__(self, before: Callable[[Sequence[Message]], None] = lambda _: None) -> None:
        self.before = before
        self.messages: list[Message] = []

    async def publish(self, messages: Sequence[Message], /) -> None:
        self.before(messages)
        self.messages += messages

    def to(self, topic: str) -> list[Message]:
        return [message for message in self.messages if message.topic == topic]

    @property
    def values(self) -> list[str]:
        return [message.value.decode() for message in self.to("said")]

    @property
    def dead(self) -> list[Message]:
        return self.to(f"dlq.{GROUP}")


def work_on(
    found: Batch,
    handler: Applier,
    producer: Publisher,
    stop: asyncio.Event | None = None,
    cap: DeadLetterCap | None = None,
) -> BatchWork[str]:
    metrics = Metrics(CollectorRegistry())
    stop = stop or asyncio.Event()
    return BatchWork(
        Line(
            GROUP,
            words,
            handler,
            producer,
            stop,
            Watchdog(60),
            metrics,
            cap or DeadLetterCap(DeadLetterBudget(0, 60), GROUP),
        ),
        found,
    )


async def run(work: BatchWork[str]) -> None:
    """All steps of a batch up to its commit."""
    await work.parse()
    with work.traced():
        await work.handle()
        await work.say()
