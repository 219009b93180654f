"""What the demo tells of an event about a document: who, which, what came of it, and never what is in it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from aiokafka.structs import ConsumerRecord
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import ClassificationFailed, Classified, DocumentEvent, FiledTopic, TopicsCorrected

from deploy.ops.demo_events import happenings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ABOUT = {"user_id": uuid4(), "document_id": uuid4(), "object_key": "k", "version": 1}
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def told(event: DocumentEvent) -> list[tuple[str, str, str]]:
    message = encode(event, id="1", source="docuvault/test", time=NOW)
    record = ConsumerRecord(
        message.topic, 0, 0, 0, 0, message.key, message.value, None, 0, len(message.value), tuple(message.headers)
    )
    return [(each.topic, each.type, each.detail) for each in happenings(record)]


def classified(*topics: FiledTopic, note: str | None = None) -> Classified:
    return Classified(**ABOUT, topics=topics, classified_at=NOW, note=note, media_type=WORD, language="de")


def test_of_what_is_filed_the_topics_and_scores_are_told_with_language_and_type() -> None:
    topics = (FiledTopic(topic_id=uuid4(), name=name, score=0.875, reason="r") for name in ("Travel", "Bills"))
    detail = "Travel 0.88, Bills 0.88; de; wordprocessingml.document"
    assert told(classified(*topics)) == [("classification", "document.classified", detail)]


def test_of_what_is_filed_under_nothing_the_note_is_told() -> None:
    detail = "You have no topics yet; de; wordprocessingml.document"
    assert told(classified(note="You have no topics yet")) == [("classification", "document.classified", detail)]


def test_of_what_could_not_be_read_the_reason_is_told() -> None:
    failed = ClassificationFailed(**ABOUT, reason="The file is empty", failed_at=NOW)
    assert told(failed) == [("classification", "document.classification_failed", "The file is empty")]


def test_a_correction_is_told() -> None:
    about = {name: value for name, value in ABOUT.items() if name != "version"}
    corrected = TopicsCorrected(**about, topic_ids=(uuid4(),), corrected_at=NOW)
    assert told(corrected) == [("documents", "document.topics_corrected", "")]
