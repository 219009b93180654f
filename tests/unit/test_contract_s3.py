"""What the reader of S3 notifications takes and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from docuvault_contracts.s3 import EMPTY_ETAG, MalformedNotification, ObjectRecord, parse_notification

NOW = "2026-11-24T11:16:24.839Z"
NOW_MS_NS = 1_795_518_984_839_000_000
SEQUENCER_NS = NOW_MS_NS + 123_456
GONE = object()


def record(event: str = "s3:ObjectCreated:Put", time: Any = NOW, **changes: Any) -> dict[str, Any]:
    """A record like MinIO's; GONE leaves a field of the object out."""
    item = {"key": "a%2Fb.pdf", "size": 5, "eTag": "e1", "sequencer": f"{SEQUENCER_NS:X}"} | changes
    item = {name: value for name, value in item.items() if value is not GONE}
    return {"eventName": event, "eventTime": time, "s3": {"bucket": {"name": "documents"}, "object": item}}


def message(*records: Any, **extra: Any) -> bytes:
    return json.dumps({"Records": list(records)} | extra).encode()


def only(value: bytes) -> ObjectRecord:
    (found,) = parse_notification(value)
    return found


def test_a_created_object_is_read_with_all_that_the_ledger_counts() -> None:
    found = only(message(record(), EventName="s3:ObjectCreated:Put", Key="documents/a/b.pdf"))
    assert (found.bucket, found.key, found.kind) == ("documents", "a/b.pdf", "created")
    assert (found.size_bytes, found.etag, found.observed_ns) == (5, "e1", SEQUENCER_NS)


def test_several_records_in_one_message_keep_their_order() -> None:
    found = parse_notification(message(record(key="one"), record("s3:ObjectRemoved:Delete", key="two")))
    assert [(each.key, each.kind) for each in found] == [("one", "created"), ("two", "removed")]


def test_one_bad_record_spoils_its_message_and_is_named() -> None:
    with pytest.raises(MalformedNotification, match=r"Records\[1\]: s3.object.size must be"):
        parse_notification(message(record(), record(size=-1)))


@pytest.mark.parametrize(
    ("escaped", "key"),
    [
        ("a%2Fb+c", "a/b c"),
        ("a%2Bb%25c", "a+b%c"),
        ("%C3%BC%E6%96%87%F0%9F%98%80", "ü文😀"),
        ("100%", "100%"),
        ("plain/slash", "plain/slash"),
    ],
)
def test_keys_are_unescaped(escaped: str, key: str) -> None:
    assert only(message(record(key=escaped))).key == key


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("s3:ObjectCreated:Put", "created"),
        ("ObjectCreated:CompleteMultipartUpload", "created"),
        ("s3:ObjectRemoved:DeleteMarkerCreated", "removed"),
        ("s3:LifecycleExpiration:Delete", "removed"),
        ("s3:ObjectAccessed:Get", "other"),
        ("s3:ObjectCreatedOrNot", "other"),
        ("something new", "other"),
    ],
)
def test_the_kind_follows_from_the_event_name(event: str, kind: str) -> None:
    assert only(message(record(event))).kind == kind


def test_an_event_about_something_else_is_understood_whatever_its_shape() -> None:
    assert only(message({"eventName": "s3:Replication:OperationFailed", "s3": 7})).kind == "other"


def test_the_test_event_of_s3_holds_no_record() -> None:
    assert parse_notification(b'{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"documents"}') == ()


def test_a_removal_needs_neither_size_nor_etag() -> None:
    found = only(message(record("s3:ObjectRemoved:Delete", size=GONE, eTag=GONE)))
    assert (found.size_bytes, found.etag) == (None, None)


def test_quotes_around_an_etag_are_no_part_of_it() -> None:
    assert only(message(record(eTag='"e1"'))).etag == "e1"


def test_a_size_left_out_is_zero_only_for_the_etag_of_nothing() -> None:
    assert only(message(record(size=GONE, eTag=EMPTY_ETAG))).size_bytes == 0
    with pytest.raises(MalformedNotification, match="size is missing"):
        parse_notification(message(record(size=GONE)))


@pytest.mark.parametrize("sequencer", [GONE, None, "", "not hex", "0", "-5", 17, "F" * 16, "F" * 40])
def test_without_a_sequencer_that_is_a_time_the_event_time_counts(sequencer: Any) -> None:
    assert only(message(record(sequencer=sequencer))).observed_ns == NOW_MS_NS


def test_a_sequencer_far_ahead_of_the_event_is_no_time_and_cannot_freeze_the_key() -> None:
    two_days_ahead = NOW_MS_NS + 2 * 86_400 * 10**9
    assert only(message(record(sequencer=f"{two_days_ahead:x}"))).observed_ns == NOW_MS_NS


def test_a_sequencer_long_before_the_event_is_the_time_of_the_object() -> None:
    assert only(message(record(sequencer="1000"))).observed_ns == 0x1000


@pytest.mark.parametrize("time", [None, "", "yesterday", "2026-11-24T11:16:24", "1969-12-31T23:59:59Z", 17])
def test_without_any_time_a_record_is_malformed(time: Any) -> None:
    with pytest.raises(MalformedNotification, match="time"):
        parse_notification(message(record(time=time, sequencer=GONE)))


@pytest.mark.parametrize("size", [-1, 2**63, 10**4000, True, "5", 5.0, None, [], {}])
def test_a_size_that_is_no_number_of_bytes_is_malformed(size: Any) -> None:
    with pytest.raises(MalformedNotification, match="size"):
        parse_notification(message(record(size=size)))


def test_the_largest_size_is_read() -> None:
    assert only(message(record(size=2**63 - 1))).size_bytes == 2**63 - 1


@pytest.mark.parametrize("key", [GONE, None, "", 7, "a\0b", "a%00b", "%FF", "k" * 1025, "%C3%BC" * 513])
def test_a_key_that_no_store_has_is_malformed(key: Any) -> None:
    with pytest.raises(MalformedNotification, match=r"s3\.object\.key"):
        parse_notification(message(record(key=key)))


@pytest.mark.parametrize("etag", [GONE, None, "", '""', 7, "e\0", "e\n", "e" * 257])
def test_an_etag_that_is_none_is_malformed(etag: Any) -> None:
    with pytest.raises(MalformedNotification, match="eTag"):
        parse_notification(message(record(eTag=etag)))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"\xff\xfe", "no JSON"),
        (b"{", "no JSON"),
        (b"\0", "no JSON"),
        (b'{"Records":[NaN]}', "no JSON"),
        (b'{"Records":["\\ud800"]}', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"Records":' * 100_000, "no JSON"),
        (b"[]", "a JSON object was expected"),
        (b"{}", "Records is missing"),
        (b'{"Records":[]}', "Records is missing"),
        (b'{"Records":{}}', "Records is missing"),
        (b'{"Records":[null]}', "the record is missing"),
        (b'{"Records":[{"eventName":7}]}', "eventName"),
        (b'{"Records":[{"eventName":"s3:ObjectCreated:Put"}]}', "s3 is missing"),
        (b'{"Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"object":{}}}]}', "eTag"),
    ],
)
def test_what_is_no_notification_is_refused_with_the_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(MalformedNotification, match=reason):
        parse_notification(value)


@pytest.mark.parametrize("bucket", [None, 7, {}, {"name": ""}, {"name": 7}])
def test_a_record_without_a_bucket_is_malformed(bucket: Any) -> None:
    broken = record()
    broken["s3"]["bucket"] = bucket
    with pytest.raises(MalformedNotification, match=r"s3\.bucket"):
        parse_notification(message(broken))


def test_metadata_is_kept_by_lower_cased_name_and_never_spoils_a_record() -> None:
    kept = only(message(record(userMetadata={"X-Amz-Meta-Traceparent": "00-1", "odd": 7}))).user_metadata
    assert kept == {"x-amz-meta-traceparent": "00-1"}
    assert only(message(record(userMetadata="odd"))).user_metadata == {}
