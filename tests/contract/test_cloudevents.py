"""The envelope: what is refused with which reason, and what is only unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from docuvault_contracts.cloudevents import NotACloudEvent, UnknownEventType, decode, encode, type_of
from docuvault_contracts.events import ObjectMissing

THEN = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
DOCUMENT = UUID("11111111-2222-4333-8444-555555555555")
EVENT = ObjectMissing(document_id=DOCUMENT, user_id=DOCUMENT, object_key="a/b/c.pdf", observed_ns=7)
MESSAGE = encode(EVENT, id="id-1", source="docuvault/janitor", time=THEN)
HEADERS: dict[str, bytes | None] = dict(MESSAGE.headers)


def reason(headers: dict[str, bytes | None], value: bytes | None = MESSAGE.value) -> str:
    with pytest.raises(NotACloudEvent) as caught:
        decode(headers.items(), value)
    return str(caught.value)


def test_an_event_comes_back_as_it_was_said() -> None:
    envelope = decode(MESSAGE.headers, MESSAGE.value)
    assert (envelope.event, envelope.id, envelope.time) == (EVENT, "id-1", THEN)
    assert MESSAGE.key == str(DOCUMENT).encode()


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"])
def test_an_attribute_that_is_missing_empty_or_no_text_is_named(name: str) -> None:
    assert name in reason({key: value for key, value in HEADERS.items() if key != name})
    assert name in reason(HEADERS | {name: b""})
    assert name in reason(HEADERS | {name: b"\xff"})
    assert name in reason(HEADERS | {name: None})


def test_an_attribute_said_twice_is_refused() -> None:
    with pytest.raises(NotACloudEvent, match="ce_id is repeated"):
        decode([*MESSAGE.headers, ("ce_id", b"id-2")], MESSAGE.value)


@pytest.mark.parametrize("time", [b"yesterday", b"2026-01-15T09:30:00"])
def test_a_time_without_zone_or_sense_is_refused(time: bytes) -> None:
    assert "ce_time" in reason(HEADERS | {"ce_time": time})


def test_a_type_that_is_not_known_is_told_apart_so_that_readers_can_skip_it() -> None:
    with pytest.raises(UnknownEventType, match=r"object\.invented"):
        decode((HEADERS | {"ce_type": b"object.invented"}).items(), MESSAGE.value)


@pytest.mark.parametrize(
    "value",
    [None, b"", b"{", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"object_key":"\\ud800"}'],
)
def test_data_that_is_none_is_refused(value: bytes | None) -> None:
    assert reason(HEADERS, value)


@pytest.mark.parametrize("number", [b"true", b'"7"', b"7.5", b"-1", b"9223372036854775808", b"null"])
def test_a_number_is_a_number_and_fits_the_database(number: bytes) -> None:
    value = MESSAGE.value.replace(b'"observed_ns":7', b'"observed_ns":' + number)
    assert reason(HEADERS, value).startswith("object.missing: observed_ns: ")


def test_the_type_is_told_without_reading_the_data() -> None:
    assert type_of(MESSAGE.headers) == "object.missing"
    assert type_of([]) is None
    assert type_of([("ce_type", None)]) is None
