"""What a dead letter is, and the record that a replay of it writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.ops.dlq.letters import Letter, Original, Place, Refusal, group_of, letter_of, original_of
from services.chassis.delivery import Fault, Record
from tests.unit.dlq_letters import PARTITIONS, letter


def put_back(found: Letter, *, mend_headers: bool = False) -> Original:
    original = original_of(found, PARTITIONS, mend_headers=mend_headers)
    assert isinstance(original, Original), original
    return original


def refused(found: Letter) -> str:
    refusal = original_of(found, PARTITIONS)
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


@pytest.mark.parametrize(
    "record",
    [
        Record("documents", 2, 7, b"k", b"v", (("ce_id", b"1"), ("traceparent", b"2"), ("ce_id", b"3")), 0),
        Record("documents", 5, 7, None, b"v", (), 0),
        Record("documents", 0, 0, b"k", None, (), 0),
        Record("documents", 0, 0, None, None, (), 0),
        Record("documents", 0, 0, b"", b"", (("a", b""), ("b", None), ("", b"\xff"), ("b", None)), 0),
        Record("documents", 0, 2**40, b"\x00\xff", b"\x1b[2J" * 1000, (("h\x1b", b"\xfe"),), 0),
    ],
    ids=["an event", "no key", "a tombstone", "nothing", "nulls among headers", "any bytes"],
)
def test_what_is_put_back_is_the_record_as_it_was(record: Record) -> None:
    found = letter(record=record)
    original = put_back(found)
    assert found.origin == Place(record.topic, record.partition, record.offset)
    assert (original.topic, original.partition) == (record.topic, record.partition)
    assert (original.key, original.value, original.headers) == (record.key, record.value, record.headers)


def test_a_record_that_died_twice_goes_back_to_where_it_was_last() -> None:
    again = put_back(letter(record=Record("documents", 1, 9, b"k", b"v", (("dlq_topic", b"users"),), 0)))
    assert (again.topic, again.partition, again.headers) == ("documents", 1, ())


def test_what_was_cut_is_refused_with_what_is_missing() -> None:
    cut = letter(record=Record("documents", 2, 7, b"k", b"v" * 5_000_000, (), 0))
    assert refused(cut) == "it is not whole, it had value of 5000000 bytes"


def test_headers_whose_names_are_no_text_are_put_back_only_under_names_that_stand_for_them() -> None:
    record = Record("documents", 2, 7, b"k", b"v", (("\\xff", b"1"), ("ce_id", b"2")), 0, Fault("no UTF-8", b"\x04raw"))
    found = letter(record=record, cause="unreadable")
    assert refused(found) == "names of its headers are no text; --mend-headers puts back what stands for them"
    assert put_back(found, mend_headers=True).headers == (("\\xff", b"1"), ("ce_id", b"2"))


def test_the_raw_bytes_of_what_nobody_could_read_are_no_value_to_be_put_back() -> None:
    record = Record("documents", 2, 7, None, b"raw", (), -1, Fault("a record ends in the middle of a field"))
    assert refused(letter(record=record, cause="unreadable")).startswith("nobody could read the record")


@pytest.mark.parametrize(
    ("topic", "partition", "offset", "reason"),
    [
        (b"", b"1", b"1", "it does not say where it came from"),
        (b"documents", b"one", b"1", "it does not say where it came from"),
        (b"documents", b"1", b"-1", "it does not say where it came from"),
        (b"documents", "\u0661".encode(), b"1", "it does not say where it came from"),
        (b"documents", b"1", b"9" * 5000, "it does not say where it came from"),
        (b"documents", b"6", b"1", "the partition it came from, documents/6, is not there"),
        (b"elsewhere", b"0", b"1", "the topic it came from, elsewhere, is not there"),
        (b"dlq.quota", b"0", b"1", "it says that it came from dlq.quota, which no consumer reads"),
        (b"__consumer_offsets", b"0", b"1", "it says that it came from __consumer_offsets, which no consumer reads"),
    ],
)
def test_a_letter_that_leads_nowhere_is_refused(topic: bytes, partition: bytes, offset: bytes, reason: str) -> None:
    headers = (("dlq_topic", topic), ("dlq_partition", partition), ("dlq_offset", offset))
    assert refused(letter_of(Record("dlq.quota", 0, 0, b"k", b"v", headers, 0))) == reason


def test_anything_at_all_among_the_dead_letters_is_a_letter() -> None:
    odd = letter_of(Record("dlq.quota", 0, 3, None, None, (("dlq_reason", None), ("dlq_cause", b"\xff" * 99)), -1))
    assert (odd.name, odd.reason, odd.cause, odd.origin) == ("quota/0/3", "", "\\xff" * 10, None)
    raw = letter_of(Record("dlq.quota", 0, 4, None, b"batch", (), -1, Fault("the checksum of the batch is wrong")))
    assert raw.reason == "it is no dead letter of ours: the checksum of the batch is wrong"
    assert refused(raw) == "it does not say where it came from"


def test_a_reason_of_megabytes_is_short() -> None:
    assert len(replace(letter(), marks={"reason": "x" * 4_000_000}).reason) == 1000


def test_the_journal_is_no_group() -> None:
    assert [group_of(name) for name in ("dlq.quota", "dlq.a.b", "dlq.journal", "documents")] == [
        "quota",
        "a.b",
        None,
        None,
    ]
