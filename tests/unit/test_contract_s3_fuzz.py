"""Whatever bytes come, the reader of S3 notifications gives records or MalformedNotification, never another error."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from docuvault_contracts.events import INT64_MAX
from docuvault_contracts.s3 import MalformedNotification, ObjectRecord, parse_notification
from hypothesis import given, settings
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)
NAMES = st.sampled_from(["s3:ObjectCreated:Put", "s3:ObjectRemoved:Delete", "s3:ObjectAccessed:Get"])


def sometimes(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The usual thing, or anything at all in its place."""
    return st.one_of(usual, usual, usual, JSON)


OBJECTS = st.fixed_dictionaries(
    {"key": sometimes(st.text(min_size=1)), "eTag": sometimes(st.text(min_size=1))},
    optional={
        "size": sometimes(st.integers(-1, 2**64)),
        "sequencer": sometimes(st.text("0123456789ABCDEF", max_size=20)),
        "userMetadata": JSON,
    },
)
RECORDS = st.fixed_dictionaries(
    {
        "eventName": sometimes(NAMES),
        "eventTime": sometimes(st.datetimes().map(lambda time: f"{time.isoformat()}Z")),
        "s3": sometimes(st.fixed_dictionaries({"bucket": sometimes(st.just({"name": "b"})), "object": OBJECTS})),
    },
)
MESSAGES = st.fixed_dictionaries({"Records": sometimes(st.lists(sometimes(RECORDS), max_size=3))})


def read(value: bytes) -> tuple[ObjectRecord, ...]:
    with suppress(MalformedNotification):
        return parse_notification(value)
    return ()


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_bytes_of_any_kind_never_raise_anything_else(value: bytes) -> None:
    read(value)


@given(MESSAGES)
@settings(deadline=None, max_examples=400)
def test_records_of_any_shape_never_raise_anything_else_and_what_is_read_is_sound(document: dict[str, Any]) -> None:
    for found in read(json.dumps(document).encode()):
        assert found.kind in {"created", "removed", "other"}
        assert 0 <= found.observed_ns <= INT64_MAX
        if found.kind == "created":
            assert found.bucket
            assert found.etag
            assert found.size_bytes is not None
            assert 0 <= found.size_bytes <= INT64_MAX


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_a_message_cut_or_spoiled_anywhere_never_raises_anything_else(data: st.DataObject) -> None:
    whole = bytearray(json.dumps(data.draw(MESSAGES)).encode())
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] = data.draw(st.integers(0, 255))
    read(bytes(whole))
    read(bytes(whole[:position]))
