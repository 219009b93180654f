"""The short cut for MinIO's own wording changes nothing: what is said and what is refused is the tolerant reader's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from docuvault_contracts.s3 import MalformedNotification, ObjectRecord, parse_notification, parse_tolerantly
from docuvault_contracts.s3_minio import read_minio
from hypothesis import example, given, settings
from hypothesis import strategies as st

STORED = {path.stem: path.read_bytes() for path in (Path(__file__).parents[1] / "contract/data/minio").glob("*.json")}
PUT = STORED["put"]
KEY, SIZE, ETAG = b"0f0e0d0c-0b0a-4908-8706-050403020100%2F", b'"size":5', b"5d41402abc4b2a76b9719d911017c592"
REPEATED = PUT.replace(b'"Records":[', b'"Records":[],"Records":[')

LITERALS = st.sampled_from(
    [
        *(b"0", b"-0", b"5.0", b"5e0", b"1E400", b"-1", b"00", b"NaN", b"Infinity", b"null", b"true", b"[]", b"{}"),
        *(b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"9" * 5000, b'""', b'"\\u0000"'),
        *(b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xff"', b'"\xed\xa0\x80"', b'"\xc3\xbc"', b'"\x7f"', b'"\x01"'),
        *(b'"%00"', b'"%ff"', b'"%C3%BC"', b'"%2%2F"', b'"%252F"', b'"%2f"', b'"\\u002F"', b'"a+b"'),
        *(b"[" * 400 + b"]" * 400, b'"k' + b"k" * 1024 + b'"', b'"s3:ObjectRemoved:Delete"', b'"FFFFFFFFFFFFFFFF"'),
        *(b'"s3:ObjectAccessed:Get"', b'"1970-01-01T00:00:00+14:00"', b'"2026-11-24"', b'"9999-12-31T23:59:59Z"'),
        *(b'"2.1"', b'"d41d8cd98f00b204e9800998ecf8427e"'),
    ]
)  # fmt: skip
MESSAGES = st.sampled_from(sorted(STORED.values()))


def outcome(read: Callable[[bytes], tuple[ObjectRecord, ...]], value: bytes) -> str:
    """What came of it, to the type of each number."""
    try:
        return repr(read(value))
    except MalformedNotification as error:
        return f"refused: {error}"


def check(value: bytes) -> None:
    assert outcome(parse_notification, value) == outcome(parse_tolerantly, value)


def values_in(text: bytes) -> list[tuple[int, int]]:
    """Where the values of a compact JSON text begin and end, roughly: between a colon and what follows it."""
    starts = [place + 1 for place in range(1, len(text)) if text[place - 1 : place + 1] == b'":']
    ends = [min(end for mark in (b',"', b"}", b"]") if (end := text.find(mark, start)) > 0) for start in starts]
    return list(zip(starts, ends, strict=True))


@pytest.mark.parametrize("name", ["put", "put_tagging", "removed", "removed_nothing"])
def test_what_a_real_minio_says_of_bytes_that_came_or_went_takes_the_short_cut(name: str) -> None:
    assert (read_minio(STORED[name]),) == parse_tolerantly(STORED[name])


def test_a_message_of_several_records_does_not() -> None:
    message = json.loads(PUT)
    message["Records"] *= 2
    assert read_minio(json.dumps(message).encode()) is None
    assert len(parse_notification(json.dumps(message).encode())) == 2


@settings(deadline=None, max_examples=400)
@given(MESSAGES, st.data())
def test_any_value_replaced_by_any_other_is_read_the_same(message: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 2))):
        start, end = data.draw(st.sampled_from(values_in(message)))
        message = message[:start] + data.draw(LITERALS) + message[end:]
    check(message)


@settings(deadline=None, max_examples=400)
@given(MESSAGES, st.data())
def test_any_field_said_twice_renamed_or_added_is_read_the_same(message: bytes, data: st.DataObject) -> None:
    start, end = data.draw(st.sampled_from(values_in(message)))
    name_start = message.rfind(b'"', 0, start - 2)
    name = message[name_start : start - 1]
    value = data.draw(LITERALS | st.just(message[start:end]))
    other = data.draw(
        st.sampled_from([name, b'"new"', b'"size"', b'"Event"', name.upper(), name.replace(b"e", b"\\u0065")])
    )
    twice = data.draw(st.sampled_from([b"%s:%s," % (other, value), b""]))
    check(message[:name_start] + twice + (name if twice else other) + message[start - 1 :])


@settings(deadline=None, max_examples=400)
@given(MESSAGES, st.data())
@example(PUT + b" \n", None)
@example(b"\xef\xbb\xbf" + PUT, None)
@example(PUT + PUT, None)
@example(REPEATED, None)
@example(PUT.replace(SIZE, b'"size":5,"size":6'), None)
@example(PUT.replace(SIZE, b'"size":6,"size":null'), None)
@example(PUT.replace(b"%2F", b"%2F%2F"), None)
@example(PUT.replace(KEY, b"\\u0000"), None)
@example(PUT.replace(ETAG, b'\\"x\\"'), None)
def test_a_message_cut_or_spoiled_anywhere_is_read_the_same(message: bytes, data: st.DataObject | None) -> None:
    if data is not None:
        place = data.draw(st.integers(0, len(message) - 1))
        piece = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"}", b",", b"\0", b" ", b"%", b"+"])
        )
        message = message[:place] + piece + message[place + data.draw(st.integers(0, 3)) :]
    check(message)
