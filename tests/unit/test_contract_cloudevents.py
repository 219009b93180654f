"""Hostile envelopes: whatever a record's headers hold, it is an event, or it is refused in the one way there is."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from docuvault_contracts.cloudevents import NotACloudEvent, decode, encode, type_of
from docuvault_contracts.events import BY_TYPE, ObjectMissing
from hypothesis import example, given, settings
from hypothesis import strategies as st

DOCUMENT = UUID("11111111-2222-4333-8444-555555555555")
EVENT = ObjectMissing(document_id=DOCUMENT, user_id=DOCUMENT, object_key="a/b/c.pdf", observed_ns=7)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MESSAGE = encode(EVENT, id="id-1", source="docuvault/janitor", time=datetime(2026, 1, 15, tzinfo=UTC))

NAMES = st.sampled_from([name for name, _ in MESSAGE.headers] + ["traceparent", "ce_", "ce_extension"]) | st.text()
VALUES = (
    st.none()
    | st.binary()
    | st.sampled_from([value for _, value in MESSAGE.headers])
    | st.sampled_from([kind.encode() for kind in BY_TYPE])
    | st.datetimes(timezones=st.just(UTC)).map(lambda time: time.isoformat().encode())
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8)


@settings(deadline=None)
@given(HEADERS, st.none() | st.binary() | st.just(MESSAGE.value))
@example([("ce_type", b"\xff"), ("ce_specversion", b"1.0")], MESSAGE.value)
@example([("traceparent", b"\xff"), ("traceparent", None), *MESSAGE.headers], MESSAGE.value)
def test_any_headers_and_value_are_read_or_refused(
    headers: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    type_of(headers)
    with suppress(NotACloudEvent):
        decode(headers, value)


@settings(deadline=None)
@given(st.lists(st.sampled_from(range(len(MESSAGE.headers))), unique=True), VALUES)
def test_a_good_record_with_some_headers_overwritten_is_read_or_refused(places: list[int], value: bytes | None) -> None:
    headers = [(name, value if place in places else good) for place, (name, good) in enumerate(MESSAGE.headers)]
    try:
        found = decode(headers, MESSAGE.value).event
        assert found == EVENT or found.type.encode() == value  # another type's data may be among an event's
    except NotACloudEvent:
        assert places


@settings(deadline=None)
@given(st.permutations(MESSAGE.headers), st.lists(st.tuples(st.text().filter(lambda n: n[:3] != "ce_"), st.binary())))
def test_neither_order_nor_foreign_headers_matter(
    ours: list[tuple[str, bytes]], others: list[tuple[str, bytes]]
) -> None:
    assert decode([*others, *ours], MESSAGE.value).event == EVENT


def test_headers_may_come_as_a_stream() -> None:
    message = encode(EVENT, id="id-1", source="s", time=datetime(2026, 1, 15, tzinfo=UTC), traceparent=TRACE)
    assert decode(iter(message.headers), message.value).traceparent == TRACE


@pytest.mark.parametrize("raw", [None, b"", b"\xff", b"garbage", TRACE.upper().encode(), TRACE.encode() * 2])
def test_a_broken_trace_costs_the_trace_and_not_the_event(raw: bytes | None) -> None:
    envelope = decode([*MESSAGE.headers, ("traceparent", raw)], MESSAGE.value)
    assert (envelope.event, envelope.traceparent) == (EVENT, None)


def test_two_traces_are_none() -> None:
    traces = [("traceparent", TRACE.encode())] * 2
    assert decode([*MESSAGE.headers, *traces], MESSAGE.value).traceparent is None


@settings(deadline=None)
@given(st.datetimes(timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))))
@example(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
@example(datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))))
def test_a_time_of_any_zone_is_told_in_utc_or_refused(time: datetime) -> None:
    headers = [(name, time.isoformat().encode() if name == "ce_time" else raw) for name, raw in MESSAGE.headers]
    try:
        found = decode(headers, MESSAGE.value).time
    except NotACloudEvent:
        assert time.year in {1, 9999}
    else:
        assert (found, found.utcoffset()) == (time, timedelta())


def test_the_values_of_events_are_not_kept_for_the_next_ones() -> None:
    """Two strings and not one string twice: a cache of them would grow with every event that is read."""
    first, second = (decode(MESSAGE.headers, MESSAGE.value).event for _ in range(2))
    assert first == second
    assert first.object_key is not second.object_key  # type: ignore[attr-defined]
