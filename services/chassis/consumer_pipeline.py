"""Batches on their way, several at once: what one waits for, another uses.

    poll, parse  →  handle  →  publish, bury, commit

Each step holds one batch at a time, in the order in which they were polled. So while one batch waits for its acks the
next is in its transaction and a third is parsed; yet messages leave, and offsets are committed, in the order of the
records, and a batch is committed only once all before it are. A batch that falls takes with it those behind, which are
uncommitted too, and none of those ahead.
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

import structlog

from services.chassis import consumer_client
from services.chassis.backoff import Backoff
from services.chassis.consumer_batch import Batch
from services.chassis.consumer_group import BatchLost, Consumer
from services.chassis.consumer_report import cause_of, report_settled
from services.chassis.consumer_work import BatchWork, GivenUp, Late, Line
from services.chassis.deadletters import reason_of
from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.chassis.logging import caused_by
from services.chassis.retry import Abandoned, pause, unless
from services.chassis.tracing_kafka import committing

T = TypeVar("T")

log = structlog.get_logger(__name__)

IN_FLIGHT = 3
"""One batch for each step: more would only wait."""
COMMIT_ATTEMPTS = 5
"""After so many failures to commit, each with its own time-outs and back-off, the group is joined anew."""


class Pipeline(Generic[T]):
    """The batches from one start, or one failure, to the next. Not reusable after `drain`."""

    def __init__(self, consumer: Consumer, line: Line[T]) -> None:
        self._consumer = consumer
        self._line = line
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._fallen = asyncio.Event()
        self._last = asyncio.Event()
        self._flights: dict[asyncio.Task[None], BatchWork[T]] = {}

    @property
    def records(self) -> int:
        """How many have been polled and are not committed."""
        return sum(len(work.batch.records) for work in self._flights.values())

    async def poll(self) -> Batch | None:
        """The next batch, once there is room for it; None on a stop, and once a batch has fallen."""
        await self._room.acquire()
        if self._fallen.is_set() or self._line.stop.is_set():
            return None
        return await unless(self._consumer.poll(), self._fallen, self._line.stop)

    async def take(self, batch: Batch) -> None:
        """Parses `batch` and sends it on its way."""
        failpoint("consumer.after_poll")
        work = BatchWork(self._line, batch, ahead=self._last)
        self._last = work.fallen
        await work.parse()
        task = asyncio.create_task(self._carry(work))
        self._flights[task] = work
        task.add_done_callback(self._landed)

    async def drain(self) -> list[tuple[BatchWork[T], Exception]]:
        """Waits until none is on its way; those that fell and why, in order. Raises what is a bug of the loop's."""
        if self._flights:
            await asyncio.wait(self._flights)
        fallen: list[tuple[BatchWork[T], Exception]] = []
        for task, work in self._flights.items():
            error = GivenUp("it was cut off from inside") if task.cancelled() else task.exception()
            if not isinstance(error, (Abandoned, BatchLost, GivenUp)):
                task.result()
            else:
                fallen.append((work, error))
        return fallen

    async def cancel(self) -> None:
        """Ends at once what is on its way."""
        for task in self._flights:
            task.cancel()
        if self._flights:
            await asyncio.wait(self._flights)

    async def _carry(self, work: BatchWork[T]) -> None:
        """All the way, in a task of its own."""
        with caused_by(cause_of(work)):
            with work.traced():
                await self._through(work)
            failpoint("consumer.after_offsets")
            self._line.watchdog.alive()
            report_settled(work)

    async def _through(self, work: BatchWork[T]) -> None:
        """From here on a batch behind sees `fallen` before it can enter a step: a lock that is left runs nobody yet."""
        try:
            async with asyncio.timeout(consumer_client.MAX_POLL_INTERVAL_SECONDS):
                async with self._line.handling:
                    await work.handle()
                async with self._line.saying:
                    await work.say()
                    failpoint("consumer.after_publish")
                    await self._commit(work)
        except TimeoutError as error:
            work.fallen.set()
            raise Late("it took too long") from error
        except BaseException:
            work.fallen.set()
            raise

    async def _commit(self, work: BatchWork[T]) -> None:
        backoff = Backoff()
        with work.timed("commit"), committing(work.line.group):
            for _ in range(COMMIT_ATTEMPTS):
                try:
                    return await self._consumer.commit(work.batch)
                except Transient as error:
                    self._line.watchdog.alive()
                    self._line.metrics.retries.labels(self._line.group, "commit").inc()
                    log.warning("consumer.commit_failed", group=self._line.group, reason=reason_of(error))
                if self._line.stop.is_set():
                    break
                await pause(backoff.next(), self._line.stop, work.batch.lost)
        raise GivenUp("the commit failed too often")

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._room.release()
        if task.cancelled() or task.exception() is not None:
            self._fallen.set()
        else:
            del self._flights[task]
