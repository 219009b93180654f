"""One batch on its way: parse, handle, publish; what cannot go on becomes a dead letter and holds nobody back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Generic, TypeVar

import structlog

from services.chassis.consumer_batch import Batch
from services.chassis.deadletter_cap import DeadLetterCap
from services.chassis.deadletters import Cause, DeadLetter, reason_of
from services.chassis.delivery import Delivery, Handler, Origin, Parser, Record
from services.chassis.errors import InvalidEvent
from services.chassis.failpoints import failpoint
from services.chassis.metrics import Metrics
from services.chassis.producer import Publisher, Unpublishable
from services.chassis.retry import Abandoned, persist
from services.chassis.watchdog import Watchdog

T = TypeVar("T")
R = TypeVar("R")

log = structlog.get_logger(__name__)

PARSE_SLICE_SECONDS = 0.02
"""Parsing is CPU-bound: after this long the event loop gets a turn, or heartbeats would starve."""

_RecordId = tuple[str, int, int]


@dataclass(frozen=True)
class Line(Generic[T]):
    """What a batch passes through, built once for a consumer."""

    group: str
    parser: Parser[T]
    handler: Handler[T]
    producer: Publisher
    stop: asyncio.Event
    watchdog: Watchdog
    metrics: Metrics
    cap: DeadLetterCap


@dataclass
class BatchWork(Generic[T]):
    """The work on one batch, and what is to be said about it afterwards."""

    line: Line[T]
    batch: Batch
    events: int = 0
    messages: int = 0
    retries: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    dead: dict[_RecordId, DeadLetter] = field(default_factory=dict)

    async def run(self) -> None:
        """Everything up to the commit: when it returns, each record is applied and said, or among the dead letters.

        Raises Abandoned where the batch is left to be replayed.
        """
        deliveries = await self._parse()
        self.events = len(deliveries)
        if deliveries:
            await self._settle(deliveries)
        await self._bury()

    async def persist(self, step: str, attempt: Callable[[], Awaitable[R]]) -> R:
        """Stays on one step until it is done. Raises Abandoned on a stop in a back-off, or once the batch is lost."""
        if self.batch.lost.is_set():
            raise Abandoned
        with self.timed(step):
            return await persist(
                attempt, leave=(self.line.stop, self.batch.lost), on_retry=partial(self._on_retry, step)
            )

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Adds the time inside to the seconds of `step`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] += time.perf_counter() - started

    def _on_retry(self, step: str, error: BaseException, delay: float) -> None:
        self.line.watchdog.alive(delay)
        self.line.metrics.retries.labels(self.line.group, step).inc()
        self.retries[step] += 1
        log.warning(
            "consumer.backing_off",
            group=self.line.group,
            step=step,
            attempt=self.retries[step],
            retry_in_s=round(delay, 3),
            reason=reason_of(error),
        )

    async def _parse(self) -> list[Delivery[T]]:
        parsed: list[Delivery[T]] = []
        with self.timed("parse"):
            turn = time.perf_counter()
            for record in self.batch.records:
                parsed.extend(self._understand(record))
                if time.perf_counter() - turn > PARSE_SLICE_SECONDS:
                    await asyncio.sleep(0)
                    turn = time.perf_counter()
        return parsed

    def _understand(self, record: Record) -> Sequence[Delivery[T]]:
        if record.fault is not None:
            self._condemn(record, "unreadable", record.fault.reason)
            return ()
        try:
            return self.line.parser(record)
        except InvalidEvent as error:
            self._condemn(record, "invalid", str(error))
        except Exception as error:
            log.exception("consumer.parser_bug", **_where(record))
            self._condemn(record, "parser", f"parser: {reason_of(error)}")
        return ()

    async def _settle(self, part: Sequence[Delivery[T]]) -> None:
        """Applies and publishes `part`; where that fails, its halves in order, until the one with the bug is alone."""
        try:
            messages = await self.persist("handle", partial(self.line.handler.handle, part))
            failpoint("consumer.after_handle")
            await self.persist("publish", partial(self.line.producer.publish, messages))
            self.messages += len(messages)
        except Abandoned:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of any kind: it is found, logged and dead-lettered
            self.line.watchdog.alive()
            if len(part) == 1:
                self._condemn_delivery(part[0], error)
                return
            log.warning("consumer.bisecting", group=self.line.group, events=len(part), reason=reason_of(error))
            middle = len(part) // 2
            await self._settle(part[:middle])
            await self._settle(part[middle:])

    def _condemn_delivery(self, delivery: Delivery[T], error: Exception) -> None:
        record = self._record_at(delivery.origin)
        cause: Cause = "unpublishable" if isinstance(error, Unpublishable) else "handler"
        if isinstance(error, InvalidEvent):
            self._condemn(record, "invalid", str(error))
            return
        log.error("consumer.handler_bug", **_where(record), index=delivery.origin.index, exc_info=error)
        self._condemn(record, cause, f"handler: {reason_of(error)}")

    def _record_at(self, origin: Origin) -> Record:
        wanted = (origin.topic, origin.partition, origin.offset)
        return next(record for record in self.batch.records if _id(record) == wanted)

    def _condemn(self, record: Record, cause: Cause, reason: str) -> None:
        """One dead letter a record, with its first reason, however many of its events fail."""
        self.dead.setdefault(_id(record), DeadLetter(record, cause, reason))

    async def _bury(self) -> None:
        if not self.dead:
            return
        now = datetime.now(UTC)
        letters = [letter.message(self.line.group, now) for letter in self.dead.values()]
        await self.persist("halt", partial(self.line.cap.admit, len(letters), self.line.metrics))
        await self.persist("bury", partial(self.line.producer.publish, letters))
        for letter in self.dead.values():
            self.line.metrics.dead_letters.labels(self.line.group, letter.cause).inc()
            log.warning("consumer.dead_lettered", cause=letter.cause, reason=letter.reason, **_where(letter.record))


def _id(record: Record) -> _RecordId:
    return (record.topic, record.partition, record.offset)


def _where(record: Record) -> dict[str, object]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
