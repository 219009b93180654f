"""What is said of a document that was worked on: document.classified, or document.classification_failed."""

from __future__ import annotations

from uuid import UUID, uuid5

from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import ClassificationFailed, Classified

from services.classifier.model import Conclusion, Standing

SOURCE = "docuvault/classifier"
NAMESPACE = UUID("3f1b6f0a-6e0e-4b57-9f2c-0c4f8f0d5a11")
"""Of the ids of the classifier's events; it must never change, since the same fact must keep its id."""


def message_of(standing: Standing, conclusion: Conclusion) -> Message:
    """The event of a conclusion. Its id is of the document, the version of its bytes, and the time of the event."""
    event = _failed(standing, conclusion) if conclusion.failed else _classified(standing, conclusion)
    fact = f"{standing.document_id}:{event.type}:{standing.version}:{conclusion.told_at.isoformat()}"
    event_id = str(uuid5(NAMESPACE, fact))
    return encode(event, id=event_id, source=SOURCE, time=conclusion.told_at, traceparent=standing.traceparent)


def _classified(standing: Standing, conclusion: Conclusion) -> Classified:
    return Classified(
        document_id=standing.document_id,
        user_id=standing.user_id,
        object_key=standing.object_key,
        version=standing.version,
        topics=conclusion.topics,
        classified_at=conclusion.told_at,
        outcome=conclusion.outcome,
        note=conclusion.text,
        media_type=conclusion.media_type,
        language=conclusion.language,
    )


def _failed(standing: Standing, conclusion: Conclusion) -> ClassificationFailed:
    return ClassificationFailed(
        document_id=standing.document_id,
        user_id=standing.user_id,
        object_key=standing.object_key,
        version=standing.version,
        reason=conclusion.text or "",
        failed_at=conclusion.told_at,
        outcome=conclusion.outcome,
        media_type=conclusion.media_type,
    )
