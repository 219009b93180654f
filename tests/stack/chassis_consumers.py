"""Running consumers of the chassis, each as a replica would be, on topics of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from docuvault_contracts.cloudevents import Message
from prometheus_client import CollectorRegistry

from services.chassis.consumer import Consumer, consume
from services.chassis.delivery import Delivery
from services.chassis.metrics import Metrics
from services.chassis.producer import Publisher, open_producer
from services.chassis.settings import KafkaSettings
from services.chassis.watchdog import Watchdog
from tests.stack.chassis_servers import committed, kafka_settings, read, topics, unique, until, write
from tests.unit.chassis_fakes import words


@dataclass
class Place:
    """A topic to read, one to write, and a group with its dead letters."""

    stack: Any
    source: str
    said: str
    group: str
    partitions: int

    async def write(self, *values: str, partition: int = 0) -> None:
        await write(self.stack, self.source, [value.encode() for value in values], partition)

    async def read(self) -> list[str]:
        return [(record.value or b"").decode() for record in await read(self.stack, self.said)]

    async def committed(self, partition: int = 0) -> int | None:
        return await committed(self.stack, self.group, self.source, partition)

    async def until_committed(self, *offsets: int) -> None:
        """Waits until each partition's offset is committed, from partition 0 on."""

        async def is_so() -> bool:
            return [await self.committed(number) for number in range(len(offsets))] == list(offsets)

        await until(is_so)


@asynccontextmanager
async def place(stack: Any, partitions: int = 1) -> AsyncIterator[Place]:
    found = Place(stack, unique("source"), unique("said"), unique("group"), partitions)
    async with topics(stack, found.source, partitions=partitions), topics(stack, found.said, f"dlq.{found.group}"):
        yield found


class Gate:
    """A handler that says each event, and can be held, or made to fail, while it works."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()
        self.trouble: BaseException | None = None
        self.batches: list[list[str]] = []

    async def handle(self, found: Sequence[Delivery[str]], /) -> list[Message]:
        self.entered.set()
        if self.trouble is not None:
            raise self.trouble
        await self.open.wait()
        events = [each.event for each in found]
        self.batches.append(events)
        return [Message(self.topic, b"k", event.encode(), ()) for event in events]

    @property
    def handled(self) -> list[str]:
        return [event for batch in self.batches for event in batch]


@dataclass
class Replica:
    """One running consumer, with its handler and its own numbers."""

    handler: Gate
    consumer: Consumer
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))
    watchdog: Watchdog = field(default_factory=lambda: Watchdog(60))
    stuck: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def dropped(self, reason: str) -> float:
        """How many batches were left to be replayed."""
        found = [s for m in self.metrics.dropped_batches.collect() for s in m.samples if s.name.endswith("_total")]
        return sum(sample.value for sample in found if sample.labels["reason"] == reason)

    def start(self, at: Place, producer: Publisher) -> None:
        loop = asyncio.get_running_loop()

        def on_stuck(_: Watchdog) -> None:
            loop.call_soon_threadsafe(self.stuck.set)

        running = consume(
            self.consumer,
            words,
            self.handler,
            producer,
            group=at.group,
            stop=self.stop,
            metrics=self.metrics,
            watchdog=self.watchdog,
            on_stuck=on_stuck,
        )
        self.task = asyncio.create_task(running)

    async def end(self) -> None:
        self.stop.set()
        self.handler.open.set()
        if self.task is not None:
            await asyncio.wait_for(self.task, 20)


@asynccontextmanager
async def replica(
    at: Place,
    *,
    producer: Publisher | None = None,
    settings: KafkaSettings | None = None,
    consumer: type[Consumer] = Consumer,
    watchdog: Watchdog | None = None,
) -> AsyncIterator[Replica]:
    """A consumer that runs until the end of the block, and ends cleanly there unless the test ended it."""
    settings = settings or kafka_settings(at.stack)
    reading = consumer(settings, at.group, [at.source])
    found = Replica(Gate(at.said), reading, watchdog=watchdog or Watchdog(60))
    async with open_producer(settings) as own:
        found.start(at, producer or own)
        try:
            yield found
            await found.end()
        finally:
            if found.task is not None:
                found.task.cancel()
                await asyncio.wait({found.task})
            await reading.close()
