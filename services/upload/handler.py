"""Applies what the ledger, the classifier and the janitor said to the documents, a batch in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeGuard
from uuid import UUID

import structlog
from docuvault_contracts.cloudevents import Message
from docuvault_contracts.events import (
    ClassificationFailed,
    Classified,
    LimitChanged,
    QuotaRejected,
    QuotaReleased,
    QuotaReserved,
    UploadAbandoned,
)
from docuvault_contracts.topics import CLASSIFICATION, QUOTA, STORAGE_JANITOR

from services.chassis.abreast import abreast
from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.events import read_event
from services.upload.accounts import Account, newest
from services.upload.changes import changes
from services.upload.decide import Incoming, apply, concerns
from services.upload.document import Document, Status
from services.upload.waiters import Waiters

log = structlog.get_logger(__name__)

GROUP = "upload"
TOPICS = tuple(topic.name for topic in (QUOTA, CLASSIFICATION, STORAGE_JANITOR))

HEARD = (QuotaReserved, QuotaRejected, QuotaReleased, LimitChanged, Classified, ClassificationFailed, UploadAbandoned)
_CONCERNING = {event.type for event in HEARD}
Heard = Incoming | LimitChanged


def parse(record: Record) -> Sequence[Delivery[Heard]]:
    """The one event of a record, or none where it is about no document and no account. Raises InvalidEvent."""
    envelope = read_event(record, _CONCERNING)
    if envelope is None or not isinstance(envelope.event, HEARD):
        return ()
    origin = Origin(record.topic, record.partition, record.offset)
    return (Delivery(envelope.event, origin, envelope.traceparent),)


class Change(Protocol):
    """The pure step between reading documents and writing those that changed."""

    def __call__(self, found: Iterable[Document], /) -> Sequence[Document]:
        """The documents that are another than they were."""
        ...


class Documents(Protocol):
    """What the handler needs of the store."""

    async def change(
        self, document_ids: Iterable[UUID], step: Change, known: Collection[Document] = ()
    ) -> Sequence[Document]:
        """Writes what `step` changes of the documents and wakes their waiters on any replica; what was changed.

        They are read, unless `known` are all of them as somebody read them before. Where somebody else writes one of
        them meanwhile, `step` is asked again about what it has become. Raises Transient, and then some may be written.
        """
        ...


class Accounts(Protocol):
    """Keeps the copy of the ledger's accounts."""

    async def learn(self, told: Mapping[UUID, Account]) -> Sequence[UUID]:
        """Keeps what is newer than what is known; the users whose account has changed. Raises Transient."""
        ...


class UploadHandler:
    """Moves documents, and the copy of the accounts, by events; newer ones only, so that a replay changes nothing."""

    def __init__(self, documents: Documents, accounts: Accounts, waiters: Waiters) -> None:
        self._documents = documents
        self._accounts = accounts
        self._waiters = waiters

    async def handle(self, batch: Sequence[Delivery[Heard]]) -> Iterable[Message]:
        """Says who is to look again; raises Transient.

        The two statements go side by side: no confirm waits for the copy.
        """
        await abreast(lambda part: part(batch), (self._move, self._learn), 2)
        return changes(batch, datetime.now(UTC))

    async def _learn(self, batch: Sequence[Delivery[Heard]]) -> None:
        await self._accounts.learn(newest(delivery.event for delivery in batch))

    async def _move(self, heard: Sequence[Delivery[Heard]]) -> None:
        batch = [delivery for delivery in heard if _moves(delivery)]
        documents = {delivery.event.document_id for delivery in batch}
        if not documents:
            return
        with self._waiters.telling(documents) as tell:
            known = self._waiters.known(documents)
            changed = await self._documents.change(documents, lambda found: fold(found, batch), known)
            tell(changed)
        log.info(
            "upload.batch_applied",
            size=len(batch),
            changed=len(changed),
            rejected=sum(document.status is Status.REJECTED for document in changed),
        )


def _moves(delivery: Delivery[Heard]) -> TypeGuard[Delivery[Incoming]]:
    """Whether it is about a document; else it is about an account alone."""
    return delivery.event.type != LimitChanged.type  # isinstance is slow for pydantic's classes


def fold(found: Iterable[Document], batch: Sequence[Delivery[Incoming]]) -> list[Document]:
    """Those of `found` that another than they were after the batch, event by event in its order."""
    before = {document.id: document for document in found}
    after = dict(before)
    for delivery in batch:
        known = after.get(delivery.event.document_id)
        if known is None or not concerns(known, delivery.event):
            _ignore(delivery)
        else:
            after[known.id] = apply(known, delivery.event)
    return [document for document in after.values() if document is not before[document.id]]


def _ignore(delivery: Delivery[Incoming]) -> None:
    """A row is committed before anyone has its URL, so what has none was never a document of ours, or is forgotten.

    Where bytes are paid for it somebody has to look: nobody sees them, and `make audit` names them.
    """
    tell = log.error if isinstance(delivery.event, QuotaReserved) else log.warning
    tell(
        "upload.unknown_document",
        document_id=str(delivery.event.document_id),
        event_type=delivery.event.type,
        topic=delivery.origin.topic,
        partition=delivery.origin.partition,
        offset=delivery.origin.offset,
    )
