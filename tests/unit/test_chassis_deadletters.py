from __future__ import annotations

from datetime import UTC, datetime

from services.chassis.deadletters import DeadLetter
from services.chassis.delivery import Record

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_dead_letter_keeps_the_original_and_says_why_where_from_and_when() -> None:
    record = Record("quota", 3, 42, b"k", b"\xff\x00", (("ce_id", b"1"), ("raw", b"\xfe")), 0)
    message = DeadLetter(record, "invalid", "no type").message("janitor", NOW)
    assert (message.topic, message.key, message.value) == ("dlq.janitor", b"k", b"\xff\x00")
    assert message.headers == (
        ("ce_id", b"1"),
        ("raw", b"\xfe"),
        ("dlq_reason", b"no type"),
        ("dlq_cause", b"invalid"),
        ("dlq_topic", b"quota"),
        ("dlq_partition", b"3"),
        ("dlq_offset", b"42"),
        ("dlq_group", b"janitor"),
        ("dlq_time", b"2026-01-02T03:04:05+00:00"),
    )


def test_a_tombstone_is_told_from_an_empty_value() -> None:
    message = DeadLetter(Record("t", 0, 0, None, None, (("h", None),), 0), "invalid", "r").message("g", NOW)
    assert (message.key, message.value) == (b"", b"")
    assert dict(message.headers)["dlq_null"] == b"key,value,header.0"


def test_of_several_headers_those_that_were_null_are_named_by_their_number_among_the_originals() -> None:
    headers = (("dlq_reason", None), ("a", b""), ("b", None), ("a", b"1"), ("a", None))
    message = DeadLetter(Record("t", 0, 0, b"k", b"v", headers, 0), "invalid", "r").message("g", NOW)
    assert [each for each in message.headers if not each[0].startswith("dlq_")] == [
        ("a", b""),
        ("b", b""),
        ("a", b"1"),
        ("a", b""),
    ]
    assert dict(message.headers)["dlq_null"] == b"header.1,header.3"


def test_a_record_that_dies_again_carries_only_its_last_death() -> None:
    record = Record("t", 0, 0, b"k", b"v", (("dlq_reason", b"old"), ("ce_id", b"1")), 0)
    message = DeadLetter(record, "handler", "new").message("g", NOW)
    assert [value for name, value in message.headers if name == "dlq_reason"] == [b"new"]


def test_a_reason_of_any_length_and_text_becomes_a_short_header() -> None:
    message = DeadLetter(Record("t", 0, 0, b"k", b"v", (), 0), "parser", "\ud800" + "x" * 10**6).message("g", NOW)
    assert len(dict(message.headers)["dlq_reason"]) < 1100
