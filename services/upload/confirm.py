"""Confirm: look at the store, say what was seen, wait for the ledger's word. Bounded, and from whatever replica."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from typing import Generic

import structlog

from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.chassis.storage import ObjectStorage
from services.chassis.tracing import span
from services.upload.decide import (
    Answer,
    NotUploaded,
    Observe,
    Undecided,
    Unknown,
    answer_by_row,
    answer_by_stat,
    has_moved,
)
from services.upload.document import Document
from services.upload.messages import upload_observed
from services.upload.metrics import measure_confirm
from services.upload.ports import Command, Documents, Ledger, M, Patience
from services.upload.waiters import Limit, Waiters, Watch, until

log = structlog.get_logger(__name__)

LISTENING_SECONDS = 0.05
"""Between two looks at how far this service has come, while it is behind the ledger; nothing rings for that."""


class Confirm(Generic[M]):
    """Answers a confirm. It changes nothing itself: repeated, cut off or crashed, it leaves nothing half done."""

    def __init__(
        self, documents: Documents, storage: ObjectStorage, ledger: Ledger[M], waiters: Waiters, patience: Patience
    ) -> None:
        self._documents = documents
        self._storage = storage
        self._ledger = ledger
        self._waiters = waiters
        self._patience = patience

    async def __call__(self, command: Command) -> Answer:
        """What the client is told. Raises Transient where the database or the store is away."""
        limit, began = self._patience.limit(command), time.perf_counter()
        with self._waiters.watch(command.document_id) as watch:  # before the row is read: no decision falls between
            answer = await self._answer(command, watch, limit)
        measure_confirm(answer, time.perf_counter() - began)
        failpoint("confirm.before_answer")
        return answer

    async def _answer(self, command: Command, watch: Watch, limit: Limit) -> Answer:
        document = await self._documents.find(command.user_id, command.document_id)
        while document is not None:
            watch.document = document
            if (known := answer_by_row(document)) is not None:
                return known
            seen = answer_by_stat(document, await self._storage.stat_object(document.object_key))
            outcome = await self._follow(command, document, seen, watch, limit)
            if not isinstance(outcome, Document):
                return outcome
            document = outcome  # the ledger spoke meanwhile: look again
        return Unknown()

    async def _follow(
        self, command: Command, document: Document, seen: Answer | Observe, watch: Watch, limit: Limit
    ) -> Answer | Document:
        """The answer, or the document as it has become where that has to be looked at again."""
        if isinstance(seen, Observe):
            return await self._rule(command, document, seen, watch, limit)
        if isinstance(seen, NotUploaded):
            return await self._missing(command, document, watch, limit)
        return seen

    async def _missing(self, command: Command, document: Document, watch: Watch, limit: Limit) -> Answer | Document:
        """Never put; or refused and removed already, which the row says once the ledger's word has been heard."""
        try:
            mark = await self._ledger.mark(document.id)
            while not await self._ledger.heard(mark):
                if limit.left() <= 0:
                    return Undecided(document.id)
                await watch.changed(min(limit.left(), LISTENING_SECONDS))
        except Transient as error:
            log.warning("upload.absence_unexplained", document_id=str(document.id), reason=str(error))
            return Undecided(document.id)
        now = await self._documents.find(command.user_id, command.document_id)
        if now is None:
            return Unknown()
        return now if has_moved(document, now) else NotUploaded()

    async def _rule(
        self, command: Command, document: Document, seen: Observe, watch: Watch, limit: Limit
    ) -> Answer | Document:
        """The answer once the ledger spoke, or the document as it is then where it spoke of other bytes."""
        if not await self._say(command, document, seen, limit.deadline):
            return Undecided(document.id)
        moved = await self._moved(command, document, watch, limit)
        if moved is None:
            return Undecided(document.id)
        answer = answer_by_row(moved) or answer_by_stat(moved, seen.stat)
        return moved if isinstance(answer, Observe) else answer

    async def _moved(self, command: Command, document: Document, watch: Watch, limit: Limit) -> Document | None:
        read = partial(self._documents.find, command.user_id, command.document_id)
        with span("confirm.wait"):
            return await until(watch, read, partial(has_moved, document), limit)

    async def _say(self, command: Command, document: Document, seen: Observe, deadline: float) -> bool:
        """Whether the broker has it. With Kafka away nothing is lost: the store's own notification waits for it."""
        message = upload_observed(document, seen.stat, datetime.now(UTC), command.traceparent)
        try:
            async with asyncio.timeout_at(deadline):
                failpoint("confirm.before_observation")
                await self._ledger.publish([message])
                failpoint("confirm.after_observation")
        except (Transient, TimeoutError) as error:
            log.warning("upload.observation_delayed", document_id=str(document.id), reason=str(error))
            return False
        return True
