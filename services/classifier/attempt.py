"""One attempt at a document: its work, and what is done where that meets trouble, or a bug."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial
from uuid import UUID

import structlog

from services.chassis.deadletters import reason_of
from services.chassis.logging import caused_by
from services.chassis.metrics import METRICS
from services.chassis.retry import Abandoned, may_pass, persist
from services.chassis.tracing import continuing
from services.chassis.tracing_context import trace_id_of
from services.classifier.desk import Desk, Troubles
from services.classifier.filing import Later
from services.classifier.line import Line
from services.classifier.metrics import DOCUMENTS, SET_BACK
from services.classifier.model import Claim, Conclusion, Result
from services.classifier.reading import Unreadable
from services.classifier.work import MOST_ATTEMPTS, Work

log = structlog.get_logger(__name__)

LONGEST_WAIT_SECONDS = 300.0
LONGEST_REST_SECONDS = 30.0


class Attempts:
    """Works on claims.

    | what happens | then |
    | --- | --- |
    | trouble that may pass | back in line, not before a back-off of its own; its user rests for a while; not counted |
    | a bug | logged; back in line, not before a back-off; the third time the document is unreadable |
    """

    def __init__(self, work: Work, line: Line, desk: Desk) -> None:
        self._work = work
        self._line = line
        self._desk = desk
        self._waits = Troubles[UUID](1.0, LONGEST_WAIT_SECONDS)
        self._rests = Troubles[UUID](0.2, LONGEST_REST_SECONDS)

    async def __call__(self, claim: Claim, stop: asyncio.Event) -> None:
        """See runners.Attempt."""
        cause = {"document_id": str(claim.document_id), "trace_id": trace_id_of(claim.traceparent)}
        bound = caused_by({name: value for name, value in cause.items() if value})
        with bound, continuing(claim.traceparent, "classifier.document"):
            try:
                await self._work_on(claim, stop)
            except Exception as error:
                if not may_pass(error):
                    raise
                await self._wait_out(claim, error, stop)

    async def _work_on(self, claim: Claim, stop: asyncio.Event) -> None:
        began = time.perf_counter()
        try:
            conclusion = await self._work(claim)
        except Exception as error:
            if may_pass(error):
                raise
            log.exception("classifier.bug", attempts=claim.attempts)
            await self._stumble(claim, stop)
        else:
            self._tell(claim, conclusion, time.perf_counter() - began)

    async def _stumble(self, claim: Claim, stop: asyncio.Event) -> None:
        """A bug of ours, or of a library. Raises Transient where that it is unreadable cannot be recorded."""
        SET_BACK.labels("bug").inc()
        if claim.attempts < MOST_ATTEMPTS:
            await self._give_back(claim, self._waits.again(claim.document_id), stop, counted=True)
        else:
            self._tell(claim, await self._work.end(claim, Result(Unreadable.UNREADABLE)), 0.0)

    async def _wait_out(self, claim: Claim, error: Exception, stop: asyncio.Event) -> None:
        """Nobody knows whose trouble it is: the document waits, the longer the more often, and its user rests."""
        at_least = (error.after_seconds or 0.0) if isinstance(error, Later) else 0.0
        delay = max(self._waits.again(claim.document_id), at_least)
        self._desk.rest(claim.user_id, max(self._rests.again(claim.user_id), at_least))
        SET_BACK.labels("transient").inc()
        log.warning("classifier.set_back", reason=reason_of(error), retry_in_s=round(delay, 3))
        await self._give_back(claim, delay, stop, counted=False)

    async def _give_back(self, claim: Claim, delay: float, stop: asyncio.Event, *, counted: bool) -> None:
        """Also with the database away; a stop leaves it to the end of its lease."""
        give_back = partial(self._line.give_back, claim, delay, counted=counted)
        with suppress(Abandoned):
            await persist(give_back, leave=(stop,), on_retry=note_retry)

    def _tell(self, claim: Claim, conclusion: Conclusion | None, seconds: float) -> None:
        self._waits.over(claim.document_id)
        self._rests.over(claim.user_id)
        DOCUMENTS.labels("dropped" if conclusion is None else conclusion.outcome).inc()
        facts = {"user_id": str(claim.user_id), "version": claim.version, "size_bytes": claim.size_bytes}
        if conclusion is None:
            log.info("classifier.document_dropped", **facts)
            return
        log.info(
            "classifier.document_failed" if conclusion.failed else "classifier.document_filed",
            **facts,
            outcome=conclusion.outcome,
            topics=len(conclusion.topics),
            media_type=conclusion.media_type,
            mismatch=conclusion.mismatch,
            language=conclusion.language,
            seconds=round(seconds, 3),
        )


def note_retry(error: BaseException, delay: float) -> None:
    """Of a call about the line that is repeated until the database is back."""
    METRICS.retries.labels("classifier", "line").inc()
    log.warning("classifier.backing_off", reason=reason_of(error), retry_in_s=round(delay, 3))
