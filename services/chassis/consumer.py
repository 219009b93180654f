"""The consumer loop: poll, one transaction, publish and await acks, commit the offsets. At least once, effect once.

    async with open_consumer(settings, group="quota", topics=["storage.events"]) as consumer:
        await consume(consumer, parser, handler, producer, group="quota", stop=stop)

A crash anywhere replays the batch. See the README beside this file for what happens on each kind of failure.
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

import structlog

from services.chassis.backoff import Backoff
from services.chassis.consumer_batch import Batch
from services.chassis.consumer_client import Mark
from services.chassis.consumer_group import BatchLost, Consumer, open_consumer
from services.chassis.consumer_work import BatchWork, Line
from services.chassis.deadletters import reason_of
from services.chassis.delivery import Handler, Parser
from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.chassis.metrics import METRICS, Metrics
from services.chassis.producer import Publisher
from services.chassis.retry import Abandoned, pause, unless
from services.chassis.watchdog import OnStuck, Watchdog, guarded

__all__ = ["Consumer", "Mark", "consume", "open_consumer"]

T = TypeVar("T")

log = structlog.get_logger(__name__)

COMMIT_ATTEMPTS = 5
"""After so many failures to commit, each with its own time-outs and back-off, the group is joined anew."""
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
    loop = _Loop(consumer, Line(group, parser, handler, producer, stop, watchdog, metrics, consumer.cap))
    probing = asyncio.create_task(loop.probe())
    try:
        with guarded(watchdog, on_stuck):
            while (batch := await unless(stop, consumer.poll())) is not None:
                await loop.take(batch)
    finally:
        probing.cancel()
        await asyncio.wait({probing})


class _Loop(Generic[T]):
    """Takes batches one after the other, and says how far behind it is."""

    def __init__(self, consumer: Consumer, line: Line[T]) -> None:
        self._consumer = consumer
        self._line = line
        self._at_work = 0

    async def take(self, batch: Batch) -> None:
        """Finishes `batch`, or makes sure that it will be replayed."""
        work = BatchWork(self._line, batch)
        self._at_work = len(batch.records)
        try:
            failpoint("consumer.after_poll")
            await work.run()
            failpoint("consumer.after_publish")
            with work.timed("commit"):
                await self._commit(batch)
            failpoint("consumer.after_offsets")
        except (Abandoned, BatchLost) as outcome:
            self._drop(batch, outcome)
        else:
            self._line.watchdog.alive()
            self._settled(work)
        finally:
            self._at_work = 0

    async def _commit(self, batch: Batch) -> None:
        backoff = Backoff()
        for _ in range(COMMIT_ATTEMPTS):
            try:
                return await self._consumer.commit(batch)
            except Transient as error:
                self._line.watchdog.alive()
                self._line.metrics.retries.labels(self._line.group, "commit").inc()
                log.warning("consumer.commit_failed", group=self._line.group, reason=reason_of(error))
            if self._line.stop.is_set():
                break
            await pause(backoff.next(), self._line.stop, batch.lost)
        await self._consumer.close()
        raise BatchLost("the commit failed too often: joining the group anew")

    def _drop(self, batch: Batch, outcome: Exception) -> None:
        self._consumer.rewind(batch)
        cause = "rebalance" if batch.lost.is_set() else "stop" if self._line.stop.is_set() else "commit"
        self._line.metrics.dropped_batches.labels(self._line.group, cause).inc()
        log.warning(
            "consumer.batch_dropped",
            group=self._line.group,
            cause=cause,
            reason=reason_of(outcome),
            records=len(batch.records),
            offsets=batch.offsets,
        )

    def _settled(self, work: BatchWork[T]) -> None:
        metrics, group = self._line.metrics, self._line.group
        metrics.batch_records.labels(group).observe(len(work.batch.records))
        for step, seconds in work.seconds.items():
            metrics.step_seconds.labels(group, step).observe(seconds)
        log.info(
            "consumer.batch",
            group=group,
            records=len(work.batch.records),
            bytes=work.batch.size_bytes,
            events=work.events,
            published=work.messages,
            dead_letters=len(work.dead),
            retries=work.retries.total(),
            offsets=work.batch.offsets,
            **{f"{step}_ms": round(seconds * 1000, 2) for step, seconds in work.seconds.items()},
        )

    async def probe(self) -> None:
        """Measures the lag now and then, for the metric and the watchdog; runs until it is cancelled."""
        while True:
            await asyncio.sleep(self._line.watchdog.limit_seconds / PROBES_PER_LIMIT)
            try:
                behind = await self._consumer.behind()
            except Transient:
                self._line.watchdog.alive()  # the brokers are away, or the group is being joined: known trouble
                continue
            for partition, lag in behind.items():
                self._line.metrics.lag.labels(self._line.group, partition.topic, str(partition.partition)).set(lag)
            self._line.watchdog.see(sum(behind.values()) + self._at_work)
