"""What an event does to a document, and what a confirm answers. Pure: documents and facts in, documents and values out.

Two rules carry it all: a newer version of the ledger's word wins, and its owner's delete is final.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import assert_never
from uuid import UUID

from docuvault_contracts.events import (
    ClassificationFailed,
    Classified,
    QuotaRejected,
    QuotaReleased,
    QuotaReserved,
    UploadAbandoned,
)
from msgspec.structs import replace

from services.chassis.storage import ObjectStat
from services.upload.document import STORED, Document, Reason, Ruling, Status, Verdict
from services.upload.steps import Step, step_of

Ledgers = QuotaReserved | QuotaRejected | QuotaReleased
Classifiers = Classified | ClassificationFailed
Incoming = Ledgers | Classifiers | UploadAbandoned

_RULINGS = {QuotaReserved: Ruling.RESERVED, QuotaRejected: Ruling.REJECTED, QuotaReleased: Ruling.RELEASED}
_STAYS_REJECTED = {"over_quota", "already_rejected"}


def concerns(document: Document, event: Incoming) -> bool:
    """Whether the event is about this very object, and not about another key that only names the document's id."""
    return event.object_key == document.object_key and event.user_id == document.user_id


def apply(document: Document, event: Incoming) -> Document:
    """The document after the event; the same object where the event is old, a duplicate, or changes nothing."""
    match event:
        case QuotaReserved() | QuotaRejected() | QuotaReleased():
            return _rule(document, event) if event.version > document.version else document
        case Classified() | ClassificationFailed():
            return _classify(document, event)
        case UploadAbandoned():
            return _abandon(document, event)
    assert_never(event)


def _news(document: Document, event: Incoming) -> tuple[Step, ...]:
    """The steps to be kept, with the one that the event is; of what its owner deleted there are none."""
    return document.news if is_final(document) else (*document.news, step_of(event))


def _rule(document: Document, event: Ledgers) -> Document:
    heard = replace(
        document,
        version=event.version,
        ruling=_RULINGS[type(event)],
        used_bytes=event.used_bytes,
        limit_bytes=event.limit_bytes,
        news=_news(document, event),
    )
    match event:
        case QuotaReserved():
            return _reserve(heard, event)
        case QuotaRejected():
            return _reject(heard, event)
        case QuotaReleased():
            return _release(heard, event)
    assert_never(event)


def _reserve(document: Document, event: QuotaReserved) -> Document:
    """Bytes that are paid for make a document, also one that was taken for abandoned while they were on their way."""
    if is_final(document):
        return document
    verdict = document.verdict
    is_told = verdict is not None and verdict.version == event.version
    return replace(
        document,
        status=verdict.status if verdict is not None and is_told else Status.UPLOADED,
        size_bytes=event.size_bytes,
        etag=event.etag,
        reason=None,
        rejected_bytes=0,
        verdict=verdict if is_told else _still_ahead(document),
    )


def _reject(document: Document, event: QuotaRejected) -> Document:
    if is_final(document):
        return document
    refused = event.reason in _STAYS_REJECTED
    buried = _bury(document, Status.REJECTED if refused else Status.DELETED, Reason(event.reason))
    return replace(buried, rejected_bytes=event.rejected_bytes)


def _release(document: Document, event: QuotaReleased) -> Document:
    if is_final(document) or document.status is Status.REJECTED:
        return document
    return _bury(document, Status.DELETED, Reason(event.reason))


def _abandon(document: Document, event: UploadAbandoned) -> Document:
    if document.status is not Status.PENDING:
        return document
    return _bury(replace(document, news=_news(document, event)), Status.DELETED, Reason.ABANDONED)


def _bury(document: Document, status: Status, reason: Reason) -> Document:
    return replace(document, status=status, reason=reason, size_bytes=0, etag=None, verdict=_still_ahead(document))


def _still_ahead(document: Document) -> Verdict | None:
    """A verdict on bytes that the ledger has not spoken of yet; any other is on bytes that are gone."""
    verdict = document.verdict
    return verdict if verdict is not None and verdict.version > document.version else None


def is_final(document: Document) -> bool:
    """Whether its owner deleted it: nothing brings it back."""
    return document.status is Status.DELETED and document.reason is Reason.DOCUMENT_DELETED


def is_settled(document: Document) -> bool:
    """Whether the ledger holds no byte for it any more."""
    return document.ruling in {Ruling.RELEASED, Ruling.REJECTED}


def _verdict_of(event: Classifiers) -> Verdict:
    if isinstance(event, Classified):
        note = None if event.topics else event.note
        return Verdict(event.version, event.classified_at, Status.CLASSIFIED, event.topics, note)
    return Verdict(event.version, event.failed_at, Status.CLASSIFICATION_FAILED, reason=event.reason)


def _classify(document: Document, event: Classifiers) -> Document:
    """A verdict that is ahead of the ledger's word (another topic brings it) is kept until that word is heard."""
    verdict = _verdict_of(event)
    if is_final(document) or verdict.version < document.version or not _is_newer(verdict, document.verdict):
        return document
    news = _news(document, event)
    if verdict.version > document.version:  # it also says that the bytes of the verdict before are gone
        status = Status.UPLOADED if document.status in STORED else document.status
        return replace(document, verdict=verdict, status=status, news=news)
    if document.status not in STORED:
        return document
    return replace(document, verdict=verdict, status=verdict.status, news=news)


def _is_newer(verdict: Verdict, known: Verdict | None) -> bool:
    return known is None or (verdict.version, verdict.at) > (known.version, known.at)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The object is paid for. `used_bytes` is the account's right after that decision."""

    document_id: UUID
    size_bytes: int
    used_bytes: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The object did not fit, with the account's numbers at that decision."""

    used_bytes: int
    limit_bytes: int
    rejected_bytes: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no such document, it is another user's, or it is deleted."""


@dataclass(frozen=True, slots=True)
class NotUploaded:
    """The store has no such object."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """The object is there, and the ledger has not spoken in time: ask again."""

    document_id: UUID


@dataclass(frozen=True, slots=True)
class Observe:
    """The store holds what the ledger has not spoken about: it must be told what was seen."""

    stat: ObjectStat


Answer = Confirmed | Refused | Unknown | NotUploaded | Undecided


def answer_by_row(document: Document) -> Answer | None:
    """What a confirm answers without a look at the store; None where it must look."""
    if document.status is Status.DELETED:
        return Unknown()
    if document.status is Status.REJECTED:
        return Refused(document.used_bytes, document.limit_bytes, document.rejected_bytes)
    return None


def answer_by_stat(document: Document, stat: ObjectStat | None) -> Answer | Observe:
    """What a confirm answers for a live document and what the store holds, or that the ledger must speak first."""
    if stat is None:
        return NotUploaded()
    if document.status in STORED and (document.etag, document.size_bytes) == (stat.etag, stat.size):
        return Confirmed(document.id, document.size_bytes, document.used_bytes)
    return Observe(stat)


def has_moved(before: Document, after: Document) -> bool:
    """Whether the ledger or the owner spoke in between; a classification alone changes no answer."""
    return after.version != before.version or not after.is_live


class NotStored(Enum):
    """Why there is nothing to be done with a document's bytes."""

    UNKNOWN = "unknown"
    NO_BYTES = "no_bytes"


def as_stored(document: Document | None) -> Document | NotStored:
    """The document, where it has bytes to be classified or fetched."""
    if document is None or not document.is_live:
        return NotStored.UNKNOWN
    return document if document.status in STORED else NotStored.NO_BYTES
