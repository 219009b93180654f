"""A topic in memory, a member of a group that reads it by Kafka's and aiokafka's rules, and a running loop on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka.structs import TopicPartition
from docuvault_contracts.cloudevents import Message
from prometheus_client import CollectorRegistry

from services.chassis.consumer import Consumer, consume
from services.chassis.consumer_batch import Batch
from services.chassis.consumer_group import BatchLost
from services.chassis.deadletter_budget import DeadLetterBudget
from services.chassis.deadletter_cap import DeadLetterCap
from services.chassis.delivery import Delivery, Handler, Record
from services.chassis.metrics import Metrics
from services.chassis.producer import Publisher
from services.chassis.watchdog import Watchdog
from tests.unit.chassis_fakes import GROUP, words

Hook = Callable[[Batch], Awaitable[None]]
LOOK_SECONDS = 0.001


async def _nothing(_: object) -> None:
    return None


class Log(Consumer):
    """The only member of a group. `before_commit` may raise; a commit that is not the next one in order is an error."""

    def __init__(self, values: Iterable[str], *, partitions: int = 1, most: int = 2) -> None:
        self.partitions = [TopicPartition("t", number) for number in range(partitions)]
        self.records: dict[TopicPartition, list[Record]] = {tp: [] for tp in self.partitions}
        self.position = dict.fromkeys(self.partitions, 0)
        self.committed = dict.fromkeys(self.partitions, 0)
        self.most = most
        self.polled: list[Batch] = []
        self.closed = 0
        self.before_commit: Hook = _nothing
        self.cap = DeadLetterCap(DeadLetterBudget(0, 60), GROUP)
        self._lost = asyncio.Event()
        self.write(values)

    @property
    def stuck_after_seconds(self) -> float:
        return 60.0

    def write(self, values: Iterable[str]) -> None:
        """Each value's first letter is its key; keys go to partitions."""
        for value in values:
            tp = self.partitions[ord(value[0]) % len(self.partitions)]
            found = self.records[tp]
            found.append(Record(tp.topic, tp.partition, len(found), value[:1].encode(), value.encode(), (), 0))

    async def poll(self) -> Batch:
        while not (found := self._take()).records:  # noqa: ASYNC110 - polling is what it does
            await asyncio.sleep(LOOK_SECONDS)
        self.polled.append(found)
        return found

    def _take(self) -> Batch:
        room, taken = self.most, dict[TopicPartition, list[Record]]()
        for tp in self.partitions:
            if records := self.records[tp][self.position[tp] : self.position[tp] + room]:
                taken[tp] = records
                room -= len(records)
        self.position |= {tp: records[-1].offset + 1 for tp, records in taken.items()}
        return Batch(
            tuple(record for records in taken.values() for record in records),
            {tp: records[0].offset for tp, records in taken.items()},
            {tp: records[-1].offset + 1 for tp, records in taken.items()},
            self._lost,
        )

    async def commit(self, batch: Batch) -> None:
        await self.before_commit(batch)
        if batch.lost.is_set():
            raise BatchLost("revoked")
        for tp, offset in batch.nexts.items():
            assert offset > self.committed[tp], "an offset was taken back, or committed twice"
            assert batch.firsts[tp] == self.committed[tp], "records were passed over"
        self.committed |= batch.nexts

    def rewind(self, batch: Batch) -> None:
        if not batch.lost.is_set():
            self.position |= batch.firsts

    def rebalance(self) -> None:
        """All partitions go and come back."""
        self._lost.set()
        self._lost = asyncio.Event()
        self.position = dict(self.committed)

    async def close(self) -> None:
        self.closed += 1
        self.rebalance()

    async def behind(self) -> Mapping[TopicPartition, int]:
        return {tp: len(self.records[tp]) - self.position[tp] for tp in self.partitions}

    @property
    def done(self) -> bool:
        """Whether all there is has been committed."""
        return all(len(records) == self.committed[tp] for tp, records in self.records.items())


class Applied:
    """A handler that says each event; `before` may wait or raise."""

    def __init__(self, before: Callable[[list[str]], Awaitable[None]] = _nothing) -> None:
        self.before = before
        self.batches: list[list[str]] = []

    async def handle(self, found: Sequence[Delivery[str]], /) -> list[Message]:
        events = [each.event for each in found]
        await self.before(events)
        self.batches.append(events)
        return [Message("said", event[:1].encode(), event.encode(), ()) for event in events]


class Acked:
    """A publisher; `before` may wait or raise, and what gets past it is acked."""

    def __init__(self, before: Callable[[list[str]], Awaitable[None]] = _nothing) -> None:
        self.before = before
        self.messages: list[Message] = []

    async def publish(self, messages: Sequence[Message], /) -> None:
        await self.before([message.value.decode() for message in messages if message.topic == "said"])
        self.messages += messages

    @property
    def values(self) -> list[str]:
        return [message.value.decode() for message in self.messages if message.topic == "said"]

    @property
    def dead(self) -> list[str]:
        return [message.value.decode() for message in self.messages if message.topic == f"dlq.{GROUP}"]


@dataclass
class Loop:
    """A running consumer loop, and its numbers."""

    log: Log
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))
    watchdog: Watchdog = field(default_factory=lambda: Watchdog(60))
    task: asyncio.Task[None] = field(init=False)

    def start(self, handler: Handler[str], producer: Publisher) -> None:
        running = consume(
            self.log, words, handler, producer,
            group=GROUP, stop=self.stop, metrics=self.metrics, watchdog=self.watchdog, on_stuck=lambda _: None,
        )  # fmt: skip
        self.task = asyncio.create_task(running)

    def dropped(self) -> dict[str, float]:
        """How many batches were left, by reason."""
        found = [s for m in self.metrics.dropped_batches.collect() for s in m.samples if s.name.endswith("_total")]
        return {sample.labels["reason"]: sample.value for sample in found}

    async def until(self, what: Callable[[], bool]) -> None:
        """Waits until it is so; fails where it does not become so, and where the loop ends before."""
        async with asyncio.timeout(20):
            while not what():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(LOOK_SECONDS)

    async def end(self) -> None:
        """An orderly stop."""
        self.stop.set()
        await asyncio.wait_for(self.task, 10)


@asynccontextmanager
async def loop_on(
    log: Log, handler: Handler[str], producer: Publisher, watchdog: Watchdog | None = None
) -> AsyncIterator[Loop]:
    """Runs until the end of the block, and is ended there unless the test did."""
    found = Loop(log, watchdog=watchdog or Watchdog(60))
    found.start(handler, producer)
    try:
        yield found
        if not found.task.done():
            await found.end()
    finally:
        found.task.cancel()
        await asyncio.wait({found.task})
