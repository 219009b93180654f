"""Whatever a record holds, each service's parser gives events or InvalidEvent, and a batch of anything is readable."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from aiokafka.structs import TopicPartition
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import NotACloudEvent, decode
from docuvault_contracts.events import BY_TYPE
from docuvault_contracts.keys import parse_key
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.chassis.consumer_records import KeptRecords, Records, Suspicion
from services.chassis.deadletters import DeadLetter
from services.chassis.delivery import Record
from services.chassis.errors import InvalidEvent
from services.chassis.producer_client import check
from services.chassis.record_batch import read_batch
from services.janitor import parsing
from services.quota.parsing import QuotaParser
from services.upload import handler
from tests.faults.support import fuzz_events
from tests.faults.support.fuzz import Hostile
from tests.faults.support.fuzz_notifications import notification
from tests.unit.kafka_batches import CODECS, Rec, batch
from tests.unit.test_chassis_deadletters import NOW

SEED = int(os.environ.get("FUZZ_SEED") or 4)
PARSERS: dict[str, Callable[[Record], Sequence[Any]]] = {
    "quota": QuotaParser("documents", 100),
    "upload": handler.parse,
    "janitor": parsing.parse,
}
TOPICS = st.sampled_from([topic.name for topic in topics.PUBLISHED])
NAMES = st.sampled_from(["ce_type", "ce_id", "ce_source", "ce_time", "ce_specversion", "traceparent", "x"]) | st.text()
TYPES = st.sampled_from([name.encode() for name in BY_TYPE])
VALUES = (
    st.none() | st.binary() | TYPES | st.sampled_from([b"1.0", b"2026-01-01T00:00:00Z", b"0001-01-01T00:00:00+14:00"])
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=9).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.none() | st.binary() | JSON.map(lambda found: json.dumps(found).encode())
TP = TopicPartition("t", 0)


@given(
    st.sampled_from(sorted(PARSERS)),
    st.builds(Record, TOPICS, st.just(0), st.just(0), st.none() | st.binary(), BODIES, HEADERS, st.integers()),
)
@settings(deadline=None, max_examples=500)
def test_a_parser_raises_nothing_but_invalid_event(group: str, record: Record) -> None:
    with suppress(InvalidEvent):
        PARSERS[group](record)


@given(HEADERS, BODIES, TYPES)
@settings(deadline=None, max_examples=300)
def test_decoding_an_event_raises_nothing_but_that_it_is_none(headers: Any, value: bytes | None, kind: bytes) -> None:
    good = (("ce_type", kind), ("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_source", b"s"))
    for each in (headers, (*good, *headers), (*good, ("ce_time", b"2026-01-01T00:00:00Z"))):
        with suppress(NotACloudEvent):
            decode(each, value)


@given(st.text())
@example("\0")
@example("\ud800/\udfff")
@example("a" * 5000)
@settings(deadline=None)
def test_any_text_is_a_key_of_ours_or_none(text: str) -> None:
    found = parse_key(text)
    assert found is None or str(found) == text


@pytest.mark.parametrize("group", PARSERS)
def test_thousands_of_structured_mutations_raise_nothing_but_invalid_event(group: str) -> None:
    """Those of the fuzzer that runs on the real stack; FUZZ_SEED gives other ones."""
    rng = Random(SEED)  # noqa: S311 - a seed, no secret
    read_at_all = 0
    for number in range(3000):
        hostile = _hostile(rng, big=number % 300 == 0)
        headers = tuple(((name or b"").decode(), value) for name, value in hostile.rec.headers)
        with suppress(InvalidEvent):
            PARSERS[group](Record(hostile.topic, 0, 0, hostile.rec.key, hostile.rec.value, headers, 0))
            read_at_all += 1
    assert read_at_all > 100


def _hostile(rng: Random, *, big: bool) -> Hostile:
    topic = rng.choice(("", topics.QUOTA.name, *fuzz_events.TOPICS))
    return fuzz_events.event(rng, topic, big=big) if topic else notification(rng, "documents", big=big)


PARTS = st.none() | st.binary(max_size=20)
RECS = st.builds(
    Rec,
    value=PARTS,
    key=PARTS,
    headers=st.lists(st.tuples(PARTS, PARTS), max_size=3).map(tuple),
    attributes=st.integers(0, 255),
    header_count=st.none() | st.integers(-5, 2**31),
    length=st.none() | st.integers(-5, 2**40),
    offset_delta=st.none() | st.integers(-(2**31), 2**31 - 1),
    tail=st.binary(max_size=5),
)


@given(st.lists(RECS, min_size=1, max_size=5), st.sampled_from(sorted(CODECS)))
@settings(deadline=None, max_examples=150)
def test_whatever_records_a_batch_is_made_of_each_offset_is_told_once_in_order_and_can_be_buried(
    recs: list[Rec], codec: str
) -> None:
    """The driver's compiled decoder may read past a batch that its own lengths lead out of: only ours is asked here."""
    found = list(read_batch("t", 0, batch(recs, codec=codec, base_offset=7)))
    offsets = [each.offset for each in found]
    assert offsets == sorted(set(offsets))
    assert offsets[0] >= 7
    assert offsets[-1] == 6 + len(recs)
    for each in found:
        check(DeadLetter(each, "unreadable", each.fault.reason if each.fault else "").message("quota", NOW))


@given(st.lists(st.builds(Rec, PARTS, PARTS, st.lists(st.tuples(st.binary(max_size=9), PARTS)).map(tuple)), min_size=1))
@settings(deadline=None, max_examples=200)
def test_what_the_broker_takes_is_read_alike_by_the_fast_reader_and_the_careful_one(recs: list[Rec]) -> None:
    raw = batch(recs)
    fast = list(Records(TP, KeptRecords(raw), (), 0, None, None, Suspicion(), 1))
    assert fast == list(read_batch("t", 0, raw))
    assert [(each.key, each.value) for each in fast] == [(rec.key, rec.value) for rec in recs]


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=300)
def test_bytes_of_any_kind_are_never_an_error_and_what_cannot_be_read_is_kept(raw: bytes) -> None:
    for each in read_batch("t", 0, raw):
        assert each.fault is None or (each.value is not None and each.value in raw)
