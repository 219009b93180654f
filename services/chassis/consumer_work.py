"""The steps of one batch: parse, handle, say; what cannot go on becomes a dead letter and holds nobody back."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Generic, TypeVar

import structlog
from docuvault_contracts.cloudevents import Message

from services.chassis.consumer_batch import Batch
from services.chassis.deadletter_cap import DeadLetterCap
from services.chassis.deadletters import Cause, DeadLetter, reason_of
from services.chassis.delivery import Delivery, Handler, Origin, Parser, Record
from services.chassis.errors import InvalidEvent
from services.chassis.failpoints import failpoint
from services.chassis.metrics import Metrics
from services.chassis.producer import Publisher, Unpublishable
from services.chassis.retry import Abandoned, persist
from services.chassis.tracing import Span
from services.chassis.tracing_kafka import condemn, receiving, refused
from services.chassis.watchdog import Watchdog

T = TypeVar("T")
R = TypeVar("R")

log = structlog.get_logger(__name__)

SLICE_SECONDS = 0.0005
"""Parsing and encoding take the processor: after this long the loop gets a turn, and the other batches' steps go on."""

_RecordId = tuple[str, int, int]


class GivenUp(Exception):
    """The batch cannot be finished by this member of the group, who should leave it: another may be able to."""


class Late(GivenUp):
    """It took so long that something must be wrong with this member alone."""


@dataclass(frozen=True)
class Line(Generic[T]):
    """What batches pass through, built once for a consumer; `handling` and `saying` are held by one at a time."""

    group: str
    parser: Parser[T]
    handler: Handler[T]
    producer: Publisher
    stop: asyncio.Event
    watchdog: Watchdog
    metrics: Metrics
    cap: DeadLetterCap
    handling: asyncio.Lock = field(default_factory=asyncio.Lock)
    saying: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Events that were applied together, and what is to be said of them."""

    events: Sequence[Delivery[T]]
    messages: Iterable[Message]


@dataclass
class BatchWork(Generic[T]):
    """The work on one batch, and what is to be said about it afterwards.

    `fallen` is set when it will not be finished; `ahead` is the `fallen` of the batch polled before it.
    """

    line: Line[T]
    batch: Batch
    ahead: asyncio.Event = field(default_factory=asyncio.Event)
    fallen: asyncio.Event = field(default_factory=asyncio.Event)
    messages: int = 0
    retries: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    dead: dict[_RecordId, DeadLetter] = field(default_factory=dict)
    events: Sequence[Delivery[T]] = ()
    _applied: list[Part[T]] = field(default_factory=list)
    _spans: Mapping[Origin, Span] = field(default_factory=dict)

    async def parse(self) -> None:
        """Finds the events; records that nobody understands are among the dead letters then."""
        with self.timed("parse"):
            found = await _in_slices(map(self._understand, self.batch.records))
            self.events = list(chain.from_iterable(found))

    @contextmanager
    def traced(self) -> Iterator[None]:
        """Inside the block, which goes from here to the commit, its sampled events and it itself have spans."""
        with receiving(self.line.group, self.events) as (self.events, self._spans):
            yield

    async def handle(self) -> None:
        """Applies the events. Raises Abandoned where the batch is left to be replayed, as the others do."""
        if self.events:
            self._applied = await self._apply(self.events)

    async def say(self) -> None:
        """Publishes: when it returns, each event is applied and said, or its record among the dead letters."""
        self.still_ours()
        for part in self._applied:
            await self._publish(part)
        await self._bury()

    def still_ours(self) -> None:
        """Raises Abandoned once the batch is lost, or the one ahead has fallen: both will be replayed, in order."""
        if self.batch.lost.is_set() or self.ahead.is_set():
            raise Abandoned

    async def persist(self, step: str, attempt: Callable[[], Awaitable[R]]) -> R:
        """Stays on one step until it is done. Raises Abandoned on a stop in a back-off, or as `still_ours` does."""
        self.still_ours()
        leave = (self.line.stop, self.batch.lost, self.ahead)
        with self.timed(step):
            return await persist(attempt, leave=leave, on_retry=partial(self._on_retry, step))

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

    def _understand(self, record: Record) -> Sequence[Delivery[T]]:
        if record.fault is not None:
            self._refuse(record, "unreadable", record.fault.reason)
            return ()
        try:
            return self.line.parser(record)
        except InvalidEvent as error:
            self._refuse(record, "invalid", str(error), error)
        except Exception as error:
            log.exception("consumer.parser_bug", **_where(record))
            self._refuse(record, "parser", f"parser: {reason_of(error)}", error)
        return ()

    def _refuse(self, record: Record, cause: Cause, reason: str, error: Exception | None = None) -> None:
        self._condemn(record, cause, reason)
        refused(record, cause, type(error).__name__ if error else cause)

    async def _apply(self, events: Sequence[Delivery[T]]) -> list[Part[T]]:
        """Applies `events`; where that fails, its halves in order, until the one with the bug is alone."""
        try:
            messages = await self.persist("handle", partial(self.line.handler.handle, events))
        except Abandoned:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of any kind: it is found, logged and dead-lettered
            return await self._halve(events, error)
        failpoint("consumer.after_handle")
        return [Part(events, messages)]

    async def _publish(self, part: Part[T]) -> None:
        """Says `part`; where that can never be, its halves are applied again, which is what a replay would do."""
        try:
            with self.timed("encode"):
                messages = await _in_slices(part.messages)
            await self.persist("publish", partial(self.line.producer.publish, messages))
            self.messages += len(messages)
        except Abandoned:
            raise
        except Exception as error:  # noqa: BLE001 - as above
            async with self.line.handling:
                halves = await self._halve(part.events, error)
            for half in halves:
                await self._publish(half)

    async def _halve(self, events: Sequence[Delivery[T]], error: Exception) -> list[Part[T]]:
        self.line.watchdog.alive()
        if len(events) == 1:
            self._condemn_delivery(events[0], error)
            return []
        log.warning("consumer.bisecting", group=self.line.group, events=len(events), reason=reason_of(error))
        middle = len(events) // 2
        return [*await self._apply(events[:middle]), *await self._apply(events[middle:])]

    def _condemn_delivery(self, delivery: Delivery[T], error: Exception) -> None:
        record = self._record_at(delivery.origin)
        cause = _cause_of(error)
        condemn(self._spans.get(delivery.origin), cause, type(error).__name__)
        if cause == "invalid":
            self._condemn(record, cause, str(error))
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


def _cause_of(error: Exception) -> Cause:
    if isinstance(error, InvalidEvent):
        return "invalid"
    return "unpublishable" if isinstance(error, Unpublishable) else "handler"


async def _in_slices(items: Iterable[R]) -> list[R]:
    """All of them, made one after the other."""
    made: list[R] = []
    turn = time.perf_counter()
    for item in items:
        made.append(item)
        if time.perf_counter() - turn > SLICE_SECONDS:
            await asyncio.sleep(0)
            turn = time.perf_counter()
    return made


def _id(record: Record) -> _RecordId:
    return (record.topic, record.partition, record.offset)


def _where(record: Record) -> dict[str, object]:
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}
