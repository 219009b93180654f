"""The janitor deletes on the word of an event, so it reads with care."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import DocumentDeleted, DocumentEvent, Event, LimitChanged, UploadObserved

from services.chassis.delivery import Origin, Record
from services.chassis.errors import InvalidEvent
from services.janitor.parsing import parse
from tests.unit.janitor_facts import requested, reserved

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USER, DOCUMENT = UUID(int=1), UUID(int=2)
TRACE = f"00-{1:032x}-{1:016x}-01"
KEY = f"{USER}/{DOCUMENT}/{UUID(int=3)}.pdf"


def deleted(object_key: str = KEY, user: UUID = USER) -> DocumentDeleted:
    return DocumentDeleted(document_id=DOCUMENT, user_id=user, object_key=object_key, deleted_at=NOW)


def record(message: Message) -> Record:
    return Record(message.topic, 4, 7, message.key, message.value, message.headers, 0)


def said(event: Event) -> Record:
    return record(encode(event, id="1", source="test", time=NOW, traceparent=TRACE))


def test_a_deletion_is_read_with_its_origin_and_trace() -> None:
    (delivery,) = parse(said(deleted()))
    assert (delivery.event, delivery.origin) == (deleted(), Origin("documents", 4, 7))
    assert delivery.traceparent == TRACE


def test_a_request_is_read_since_somebody_has_to_look_after_it() -> None:
    (delivery,) = parse(said(requested(reminded=timedelta(hours=2))))
    assert delivery.event == requested(reminded=timedelta(hours=2))


@pytest.mark.parametrize(
    "event",
    [
        reserved(1, etag="e\0"),
        requested(at=datetime.max.replace(tzinfo=UTC) - timedelta(days=1)),
        requested(at=datetime.min.replace(tzinfo=UTC)),
        requested(reminded=timedelta(days=7500 * 365)),
    ],
)
def test_what_the_database_could_not_keep_is_never_handed_on(event: DocumentEvent) -> None:
    with pytest.raises(InvalidEvent):
        parse(said(event))


@pytest.mark.parametrize(
    "event",
    [
        LimitChanged(user_id=USER, limit_bytes=1, used_bytes=0, changed_at=NOW),
        UploadObserved(document_id=DOCUMENT, user_id=USER, object_key=KEY, etag="e", size_bytes=1, observed_ns=1),
    ],
)
def test_an_event_that_concerns_no_object_to_remove_is_none_of_its_business(event: Event) -> None:
    assert parse(said(event)) == ()


@pytest.mark.parametrize(
    "event",
    [
        deleted("../secrets"),
        deleted("backup/of/everything"),
        deleted(user=UUID(int=9)),
        deleted(f"{USER}/{UUID(int=8)}/{UUID(int=3)}.pdf"),
        deleted(f"{KEY}\0"),
    ],
)
def test_a_key_that_is_not_the_documents_own_is_never_acted_on(event: DocumentEvent) -> None:
    with pytest.raises(InvalidEvent):
        parse(said(event))


@pytest.mark.parametrize(
    "broken",
    [
        Record("quota", 0, 0, None, b"{}", (), 0),
        Record("quota", 0, 0, None, b"{", said(deleted()).headers, 0),
        Record("quota", 0, 0, None, None, said(deleted()).headers, 0),
        Record("quota", 0, 0, None, b"{}", (*said(deleted()).headers, ("ce_type", b"quota.invented")), 0),
    ],
)
def test_what_nobody_can_understand_goes_to_the_dead_letters(broken: Record) -> None:
    with pytest.raises(InvalidEvent):
        parse(broken)


def test_an_event_of_a_writer_newer_than_this_reader_is_skipped() -> None:
    headers = tuple(
        (name, b"quota.invented" if name == "ce_type" else value) for name, value in said(deleted()).headers
    )
    assert parse(Record("quota", 0, 0, None, b"{}", headers, 0)) == ()
