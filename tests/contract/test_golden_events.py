"""Records as they were once written: every later version of the contracts must read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from docuvault_contracts import events
from docuvault_contracts.cloudevents import decode, encode
from docuvault_contracts.events import Event

DATA = Path(__file__).parent / "data" / "events"
STORED = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(DATA.glob("*.json"))}
# What a thrifty writer leaves out. What old writers left out is left out of their records.
OPTIONAL = {"quota.rejected": "released_bytes", "user.registered": "limit_bytes"}


def headers_of(stored: dict[str, Any]) -> list[tuple[str, bytes | None]]:
    return [(name, text.encode()) for name, text in stored["headers"]]


def _but_for_what_came_later(now: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """Fields that were added since are null where an old record lacks them."""
    return {name: value for name, value in now.items() if name in then or value is not None}


@pytest.mark.parametrize("event", events.ALL, ids=lambda event: event.type)
def test_each_event_is_read_from_its_stored_record_and_written_the_same_way_again(event: type[Event]) -> None:
    stored = STORED[event.type]
    read = decode(headers_of(stored), stored["value"].encode())
    assert type(read.event) is event
    written = encode(read.event, id=read.id, source=read.source, time=read.time, traceparent=read.traceparent)
    assert written.topic == stored["topic"]
    assert written.key.decode() == stored["key"]
    assert list(written.headers) == headers_of(stored)
    assert _but_for_what_came_later(json.loads(written.value), then := json.loads(stored["value"])) == then


def test_no_stored_record_belongs_to_an_event_that_is_gone() -> None:
    assert set(STORED) == set(events.BY_TYPE)


@pytest.mark.parametrize("event_type", sorted(STORED))
def test_a_field_that_a_newer_writer_adds_is_ignored(event_type: str) -> None:
    value = json.loads(STORED[event_type]["value"]) | {"added_later": {"deep": [1]}}
    assert decode(headers_of(STORED[event_type]), json.dumps(value).encode()).event.type == event_type


@pytest.mark.parametrize(("event_type", "field"), OPTIONAL.items())
def test_an_optional_field_may_be_missing(event_type: str, field: str) -> None:
    value = json.loads(STORED[event_type]["value"])
    del value[field]
    assert decode(headers_of(STORED[event_type]), json.dumps(value).encode()).event.type == event_type
