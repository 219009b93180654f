from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import ClassificationFailed, Classified, FiledTopic, TopicsCorrected

from services.classifier.events import SOURCE, classified_message, corrected_message, failed_message

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DOCUMENT, USER = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FILED = FiledTopic(topic_id=UUID(int=7), name="Invoices", score=0.5, reason="near")


@dataclass(frozen=True)
class Row:
    """What a row knows of a document."""

    document_id: UUID = DOCUMENT
    user_id: UUID = USER
    object_key: str = "k"
    version: int = 3


def test_each_word_says_what_it_was_given_under_the_documents_key() -> None:
    said = [
        classified_message(
            Row(), NOW, [FILED], outcome="filed", media_type="text/plain", language="en", traceparent=TRACE
        ),
        failed_message(Row(), NOW, "encrypted", outcome="encrypted", media_type="application/pdf", traceparent=TRACE),
        corrected_message(Row(), NOW, [FILED.topic_id], TRACE),
    ]
    read = [decode(message.headers, message.value) for message in said]
    about = {"document_id": UUID(int=1), "user_id": UUID(int=2), "object_key": "k"}
    assert [envelope.event for envelope in read] == [
        Classified.model_validate(
            about
            | {"version": 3, "topics": (FILED,), "classified_at": NOW, "outcome": "filed"}
            | {"media_type": "text/plain", "language": "en"}
        ),
        ClassificationFailed.model_validate(
            about
            | {"version": 3, "reason": "encrypted", "failed_at": NOW, "outcome": "encrypted"}
            | {"media_type": "application/pdf"}
        ),
        TopicsCorrected.model_validate(about | {"topic_ids": (FILED.topic_id,), "corrected_at": NOW}),
    ]
    assert {(envelope.source, envelope.time, envelope.traceparent) for envelope in read} == {(SOURCE, NOW, TRACE)}
    assert {message.key for message in said} == {str(UUID(int=1)).encode()}
    assert [message.topic for message in said] == ["classification", "classification", "documents"]


def test_the_same_word_has_the_same_id_and_any_other_another() -> None:
    def id_of(at: datetime, document: int = 1, outcome: str = "filed") -> bytes:
        row = Row(document_id=UUID(int=document))
        return dict(classified_message(row, at, [], outcome=outcome).headers)["ce_id"]

    assert id_of(NOW) == id_of(NOW)
    failed = dict(failed_message(Row(), NOW, "x", outcome="corrupt").headers)["ce_id"]
    assert len({id_of(NOW), id_of(NOW + timedelta(microseconds=1)), id_of(NOW, 2), failed}) == 4
