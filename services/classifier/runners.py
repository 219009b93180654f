"""Works through the line: so many documents side by side, each under a lease that is kept while its work goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import structlog

from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.chassis.retry import Abandoned, pause, persist
from services.chassis.run import supervise
from services.classifier.attempt import note_retry
from services.classifier.bell import Bell
from services.classifier.desk import Desk
from services.classifier.line import Line
from services.classifier.metrics import AT_WORK, IN_LINE, SET_BACK
from services.classifier.model import Claim

log = structlog.get_logger(__name__)

T = TypeVar("T")

POLL_SECONDS = 1.0
"""How long a document may wait that another replica put in line, or that has become due."""
RENEWALS = 3
"""How often a lease is begun anew in the time it lasts."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many documents are worked on at once, how long a lease lasts, and what a stop waits for; seconds."""

    runners: int
    lease_seconds: float
    grace_seconds: float


class Attempt(Protocol):
    """One attempt at a document, whatever comes of it."""

    async def __call__(self, claim: Claim, stop: asyncio.Event) -> None:
        """Raises nothing that could be known before; once `stop` is set it waits for no server."""
        ...


class Runners:
    """Loops that claim, work and claim again. Nothing that happens to one document ends them."""

    def __init__(self, line: Line, attempt: Attempt, desk: Desk, bell: Bell, pace: Pace) -> None:
        self._line = line
        self._attempt = attempt
        self._desk = desk
        self._bell = bell
        self._pace = pace
        self._claiming = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; what is under way then has its grace, and is given back to the line after that."""
        await supervise(stop, *(self._loop(stop) for _ in range(self._pace.runners)), self._keep(stop))

    async def _loop(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            rung = self._bell.next
            claim = await _patiently(self._claim, stop)
            if claim is None:
                await pause(POLL_SECONDS, rung, stop)
            else:
                await self._work(claim, stop)

    async def _claim(self) -> Claim | None:
        """One at a time: what is under way of a user is counted before the next is taken."""
        async with self._claiming:
            claim = await self._line.claim(self._desk.passed_over())
            if claim is not None:
                self._desk.take(claim)
        if claim is not None:
            AT_WORK.inc()
            failpoint("classifier.after_claim")
        return claim

    async def _work(self, claim: Claim, stop: asyncio.Event) -> None:
        try:
            ended = await _bounded(self._attempt(claim, stop), stop, self._pace.grace_seconds)
            if not ended:
                await self._hand_back(claim)
        finally:
            self._desk.put_down(claim)
            AT_WORK.dec()

    async def _hand_back(self, claim: Claim) -> None:
        """At a stop. Where the database is away its lease runs out by itself."""
        SET_BACK.labels("stop").inc()
        log.info("classifier.handed_back", document_id=str(claim.document_id))
        with suppress(Transient):
            await self._line.give_back(claim, 0, counted=False)

    async def _keep(self, stop: asyncio.Event) -> None:
        """Keeps the leases, also of what has its grace at a stop: that is shorter than a lease. Tells how many wait."""
        while not stop.is_set():
            if claims := self._desk.at_work:
                await _patiently(partial(self._line.renew, claims), stop)
            if (waiting := await _patiently(self._line.length, stop)) is not None:
                IN_LINE.set(waiting)
            await pause(self._pace.lease_seconds / RENEWALS, stop)


async def _patiently(call: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T | None:
    """What `call` returns, however often it takes; None where a stop cut it short."""
    try:
        return await persist(call, leave=(stop,), on_retry=note_retry)
    except Abandoned:
        return None


async def _bounded(work: Coroutine[object, object, None], stop: asyncio.Event, grace_seconds: float) -> bool:
    """Whether `work` came to its end; from `stop` on it has so many seconds, and is cancelled then."""
    task = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({task}, timeout=grace_seconds)
    finally:
        stopping.cancel()
        task.cancel()
        await asyncio.wait({task})
    if task.cancelled():
        return False
    task.result()
    return True
