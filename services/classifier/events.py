"""The events the classifier writes. Each id is derived from what it says, so the same fact re-emitted keeps its id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid5

from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import ClassificationFailed, Classified, DocumentEvent, FiledTopic, TopicsCorrected

SOURCE = "docuvault/classifier"


class About(Protocol):
    """Which object an event is about, and which of its bytes."""

    @property
    def document_id(self) -> UUID:
        """The document."""

    @property
    def user_id(self) -> UUID:
        """Whose it is."""

    @property
    def object_key(self) -> str:
        """Where its bytes are."""

    @property
    def version(self) -> int:
        """Of the ledger's word that paid for them."""


def classified_message(  # noqa: PLR0913 - an event has that many parts
    about: About,
    told_at: datetime,
    topics: Sequence[FiledTopic],
    *,
    outcome: str,
    note: str | None = None,
    media_type: str | None = None,
    language: str | None = None,
    traceparent: str | None = None,
) -> Message:
    """document.classified, said at `told_at`: later than all that was said of the document before."""
    event = Classified(
        document_id=about.document_id,
        user_id=about.user_id,
        object_key=about.object_key,
        version=about.version,
        topics=tuple(topics),
        classified_at=told_at,
        outcome=outcome,
        note=note,
        media_type=media_type,
        language=language,
    )
    return _said(event, told_at, traceparent)


def failed_message(  # noqa: PLR0913 - likewise
    about: About,
    told_at: datetime,
    reason: str,
    *,
    outcome: str,
    media_type: str | None = None,
    traceparent: str | None = None,
) -> Message:
    """document.classification_failed, said at `told_at`: later than all that was said of the document before."""
    event = ClassificationFailed(
        document_id=about.document_id,
        user_id=about.user_id,
        object_key=about.object_key,
        version=about.version,
        reason=reason,
        failed_at=told_at,
        outcome=outcome,
        media_type=media_type,
    )
    return _said(event, told_at, traceparent)


def corrected_message(
    about: About, told_at: datetime, topic_ids: Sequence[UUID], traceparent: str | None = None
) -> Message:
    """document.topics_corrected: its owner filed it by hand."""
    event = TopicsCorrected(
        document_id=about.document_id,
        user_id=about.user_id,
        object_key=about.object_key,
        topic_ids=tuple(topic_ids),
        corrected_at=told_at,
    )
    return _said(event, told_at, traceparent)


def _said(event: DocumentEvent, told_at: datetime, traceparent: str | None) -> Message:
    """No two words about a document are of one time, so the time tells them apart."""
    event_id = uuid5(event.document_id, f"{event.type}:{told_at.isoformat()}")
    return encode(event, id=str(event_id), source=SOURCE, time=told_at, traceparent=traceparent)
