"""The consumer loop: poll, one transaction, publish and await acks, commit the offsets. At least once, effect once.

The steps of several batches overlap (consumer_pipeline.py); what one batch goes through is in consumer_work.py.

    async with open_consumer(settings, group="quota", topics=["storage.events"]) as consumer:
        await consume(consumer, parser, handler, producer, group="quota", stop=stop)

A crash anywhere replays the batch. See the README beside this file for what happens on each kind of failure.
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

import structlog

from services.chassis.consumer_client import Mark
from services.chassis.consumer_group import Consumer, open_consumer
from services.chassis.consumer_pipeline import Pipeline
from services.chassis.consumer_report import report_dropped
from services.chassis.consumer_work import GivenUp, Line
from services.chassis.deadletters import CAUSES, reason_of
from services.chassis.delivery import Handler, Parser
from services.chassis.errors import Transient
from services.chassis.metrics import METRICS, Metrics
from services.chassis.producer import Publisher
from services.chassis.watchdog import OnStuck, Watchdog, guarded

__all__ = ["Consumer", "Mark", "consume", "open_consumer"]

T = TypeVar("T")

log = structlog.get_logger(__name__)

PROBES_PER_LIMIT = 12


async def consume(  # noqa: PLR0913 - what a consumer is made of
    consumer: Consumer,
    parser: Parser[T],
    handler: Handler[T],
    producer: Publisher,
    *,
    group: str,
    stop: asyncio.Event,
    metrics: Metrics = METRICS,
    watchdog: Watchdog | None = None,
    on_stuck: OnStuck | None = None,
) -> None:
    """Runs until `stop` is set and the batch at work is finished; trouble that may pass never ends it.

    A batch that is in a back-off when `stop` is set is left, uncommitted, to the next start.
    """
    watchdog = watchdog or Watchdog(consumer.stuck_after_seconds)
    for cause in CAUSES:
        metrics.dead_letters.labels(group, cause)  # shown from 0 on: the first is a rise, too
    loop = _Loop(consumer, Line(group, parser, handler, producer, stop, watchdog, metrics, consumer.cap))
    probing = asyncio.create_task(loop.probe())
    try:
        with guarded(watchdog, on_stuck):
            while not stop.is_set():
                await loop.round()
    finally:
        probing.cancel()
        await asyncio.wait({probing})


class _Loop(Generic[T]):
    """Polls batch after batch, rewinds where some have fallen, and says how far behind it is."""

    def __init__(self, consumer: Consumer, line: Line[T]) -> None:
        self._consumer = consumer
        self._line = line
        self._pipeline = Pipeline(consumer, line)

    async def round(self) -> None:
        """Batches until a stop, or until one has fallen and all behind it, too: polling begins again at the first."""
        pipeline = self._pipeline = Pipeline(self._consumer, self._line)
        try:
            while (batch := await pipeline.poll()) is not None:
                await pipeline.take(batch)
            fallen = await pipeline.drain()
        finally:
            await pipeline.cancel()
        for work, outcome in reversed(fallen):  # the first one last: it says where polling begins
            self._consumer.rewind(work.batch)
            report_dropped(work, outcome)
        if any(isinstance(outcome, GivenUp) for _, outcome in fallen):
            await self._consumer.close()

    async def probe(self) -> None:
        """Measures the lag now and then, for the metric and the watchdog; runs until it is cancelled."""
        while True:
            await asyncio.sleep(self._line.watchdog.limit_seconds / PROBES_PER_LIMIT)
            try:
                behind = await self._consumer.behind()
            except Transient:
                self._line.watchdog.alive()  # the brokers are away, or the group is being joined: known trouble
                continue
            except Exception as error:
                log.exception("consumer.lag_unknown", group=self._line.group, reason=reason_of(error))
                continue  # no sign of life; but a probe that ended would be the end of a process that rests, too
            for partition, lag in behind.items():
                self._line.metrics.lag.labels(self._line.group, partition.topic, str(partition.partition)).set(lag)
            self._line.watchdog.see(sum(behind.values()) + self._pipeline.records)
