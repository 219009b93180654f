"""What the ledger reads out of a record, and what it refuses to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import (
    DocumentDeleted,
    Event,
    ObjectMissing,
    ObjectObserved,
    ReclassifyRequested,
    UploadObserved,
    UserRegistered,
)
from msgspec.structs import replace

from services.chassis.delivery import Origin, Record
from services.chassis.errors import InvalidEvent
from services.quota.parsing import QuotaParser
from tests.unit.quota_facts import DOCUMENT, KEY, USER, absent, deleted, observed, registered

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WHERE: dict[str, Any] = {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY}
parse = QuotaParser("documents", default_limit_bytes=100)


def event_record(event: Event, value: bytes | None = None) -> Record:
    message = encode(event, id="1", source="test", time=NOW, traceparent=TRACE)
    return Record(message.topic, 2, 9, message.key, value or message.value, message.headers, 0)


def s3(name: str = "s3:ObjectCreated:Put", key: str = KEY, bucket: str = "documents", **item: Any) -> dict[str, Any]:
    found = {"key": quote_plus(key), "size": 10, "eTag": "a", "sequencer": f"{100:X}", **item}
    return {"eventName": name, "s3": {"bucket": {"name": bucket}, "object": found}}


def notification(*records: dict[str, Any]) -> Record:
    return Record("storage.events", 1, 5, None, json.dumps({"Records": records}).encode(), (), 0)


def test_a_creation_is_an_observation_with_the_stores_own_time_and_the_trace_of_its_url() -> None:
    (found,) = parse(notification(s3(userMetadata={"X-Amz-Meta-Traceparent": TRACE})))
    assert (found.event, found.origin, found.traceparent) == (observed(), Origin("storage.events", 1, 5), TRACE)


def test_a_removal_is_an_absence() -> None:
    record = s3("s3:ObjectRemoved:Delete")
    del record["s3"]["object"]["size"], record["s3"]["object"]["eTag"]
    assert [found.event for found in parse(notification(record))] == [absent(at=100)]


def test_several_records_of_one_message_have_an_origin_each() -> None:
    found = parse(notification(s3(), s3("s3:ObjectAccessed:Get"), s3(size=11)))
    assert [each.origin.index for each in found] == [0, 2]


def test_metadata_that_is_no_trace_is_no_trace() -> None:
    (found,) = parse(notification(s3(userMetadata={"X-Amz-Meta-Traceparent": "x" * 5000})))
    assert found.traceparent is None


@pytest.mark.parametrize("record", [s3(bucket="other"), s3(key="somebody/elses.txt"), s3(key=KEY + "/x")])
def test_a_foreign_object_is_for_the_dead_letters(record: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent, match="foreign"):
        parse(notification(record))


@pytest.mark.parametrize("value", [None, b"", b"\xff", b"{}", b"[1]", b'{"Records":[{"eventName":'])
def test_garbage_is_for_the_dead_letters(value: bytes | None) -> None:
    with pytest.raises(InvalidEvent):
        parse(Record("storage.events", 0, 0, None, value, (), 0))


@pytest.mark.parametrize("model", [UploadObserved, ObjectObserved])
def test_a_stat_is_an_observation_that_asks(model: type[UploadObserved | ObjectObserved]) -> None:
    (found,) = parse(event_record(model(**WHERE, etag="a", size_bytes=10, observed_ns=100)))
    assert (found.event, found.origin.offset, found.traceparent) == (observed(asked=True), 9, TRACE)


def test_a_missing_object_is_an_absence_that_asks_and_a_deleted_document_is_deleted() -> None:
    (missing,) = parse(event_record(ObjectMissing(**WHERE, observed_ns=200)))
    (gone,) = parse(event_record(DocumentDeleted(**WHERE, deleted_at=NOW)))
    assert (missing.event, gone.event) == (absent(at=200, asked=True), deleted())


def test_a_deletion_that_is_said_again_as_a_reminder_asks() -> None:
    (found,) = parse(event_record(DocumentDeleted(**WHERE, deleted_at=NOW, reminded_at=NOW)))
    assert found.event == replace(deleted(), asked=True)


@pytest.mark.parametrize(("named", "limit"), [(None, 100), (0, 0), (7, 7)])
def test_a_registration_names_a_limit_or_gets_the_default(named: int | None, limit: int) -> None:
    (found,) = parse(event_record(UserRegistered(user_id=USER, limit_bytes=named, registered_at=NOW)))
    assert found.event == registered(limit)


def test_an_event_that_does_not_concern_bytes_is_nothing() -> None:
    assert parse(event_record(ReclassifyRequested(**WHERE, requested_at=NOW))) == ()


@pytest.mark.parametrize("value", [b"{}", b"nonsense", b'{"document_id": 1}'])
def test_an_event_with_bad_data_is_for_the_dead_letters(value: bytes) -> None:
    with pytest.raises(InvalidEvent):
        parse(event_record(DocumentDeleted(**WHERE, deleted_at=NOW), value))


def test_a_type_newer_than_this_reader_is_nothing() -> None:
    headers = (("ce_specversion", b"1.0"), ("ce_type", b"document.newer"), ("ce_id", b"1"), ("ce_source", b"x"))
    assert parse(Record("documents", 0, 0, b"k", b"{}", headers, 0)) == ()


@pytest.mark.parametrize("headers", [(), (("ce_specversion", b"1.0"),), (("ce_type", b"document.deleted"),)])
def test_what_is_no_event_at_all_is_for_the_dead_letters(headers: tuple[tuple[str, bytes], ...]) -> None:
    with pytest.raises(InvalidEvent):
        parse(Record("documents", 0, 0, b"k", b"{}", headers, 0))


@pytest.mark.parametrize("key", ["no/key/of-ours", KEY.replace("1111-", "1112-", 1), KEY.replace("2222-", "2223-", 1)])
def test_an_observation_of_another_documents_key_is_for_the_dead_letters(key: str) -> None:
    with pytest.raises(InvalidEvent, match="object key"):
        parse(event_record(UploadObserved(**{**WHERE, "object_key": key}, etag="a", size_bytes=1, observed_ns=1)))


@pytest.mark.parametrize("part", [{"etag": "a\0"}, {"object_key": KEY + "\0"}])
def test_a_nul_that_no_database_could_store_is_for_the_dead_letters(part: dict[str, str]) -> None:
    with pytest.raises(InvalidEvent, match="NUL"):
        parse(event_record(UploadObserved(**{**WHERE, "etag": "a", "size_bytes": 1, "observed_ns": 1, **part})))
