"""Spans of records: each goes on from its own, their batch is linked to all, and what is sent names its sender."""

from __future__ import annotations

from contextlib import suppress

import pytest
from docuvault_contracts.cloudevents import Message

from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.tracing import current, span
from services.chassis.tracing_kafka import MOST_LINKS, receiving, refused, relaying, sending
from tests.unit.spans import remembered, trace


def delivery(offset: int, traceparent: str | None) -> Delivery[str]:
    return Delivery(f"event {offset}", Origin("quota", 2, offset), traceparent)


def message(traceparent: str | None, topic: str = "quota") -> Message:
    told = () if traceparent is None else (("traceparent", traceparent.encode()),)
    return Message(topic, b"key", b"value", (("ce_type", b"quota.reserved"), *told))


def test_with_traces_off_a_batch_and_what_is_sent_are_what_they_were() -> None:
    batch, messages = [delivery(1, trace(1))], [message(trace(1))]
    with receiving("g", batch) as (taken, spans), sending(messages) as sent:
        assert (taken is batch, dict(spans), sent is messages, current()) == (True, {}, True, None)


def test_a_batch_of_which_nothing_is_sampled_is_what_it_was() -> None:
    batch = [delivery(1, None), delivery(2, trace(1, flags="00")), delivery(3, "garbage1")]
    with remembered() as memory, receiving("g", batch) as (taken, spans):
        assert (taken is batch, dict(spans), current()) == (True, {}, None)
    assert memory.made == []


def test_each_sampled_record_goes_on_from_a_span_of_its_own_in_its_place() -> None:
    batch = [delivery(1, trace(1)), delivery(2, trace(2, flags="00")), delivery(3, trace(3))]
    with remembered() as memory, receiving("g", batch) as (taken, spans):
        records = memory.named("process quota")
        assert dict(spans) == {batch[0].origin: records[0], batch[2].origin: records[1]}
        assert [each.event for each in taken] == [each.event for each in batch]
        assert [each.origin for each in taken] == [each.origin for each in batch]
        assert [each.traceparent for each in taken] == [
            records[0].traceparent,
            batch[1].traceparent,
            records[1].traceparent,
        ]
    assert [each.parent for each in records] == [trace(1), trace(3)]
    assert records[1].attributes == {
        "messaging.system": "kafka",
        "messaging.destination.name": "quota",
        "messaging.destination.partition.id": "2",
        "messaging.kafka.offset": 3,
    }
    assert all(each.ended and each.kind == "consumer" for each in memory.made)


def test_a_batch_of_many_traces_is_its_own_and_linked_both_ways() -> None:
    both = [delivery(1, trace(1)), delivery(2, trace(2))]
    with remembered() as memory, receiving("g", both), span("statement"):
        pass
    (batch,) = memory.named("batch g")
    assert (batch.parent, batch.links) == (None, (trace(1), trace(2)))
    assert batch.attributes["messaging.batch.message_count"] == 2
    assert [each.links for each in memory.named("process quota")] == [(batch.traceparent,)] * 2
    assert memory.named("statement")[0].parent == batch.traceparent


def test_a_batch_with_a_record_that_is_not_sampled_is_its_own() -> None:
    with remembered() as memory, receiving("g", [delivery(1, trace(1)), delivery(2, None)]):
        pass
    assert memory.named("batch g")[0].parent is None


def test_a_batch_of_one_trace_is_a_part_of_it() -> None:
    with remembered() as memory, receiving("g", [delivery(1, trace(1, 1)), delivery(2, trace(1, 2))]):
        pass
    first, second = memory.named("process quota")
    (batch,) = memory.named("batch g")
    assert (first.parent, second.parent) == (trace(1, 1), trace(1, 2))
    assert (batch.parent, batch.links) == (first.traceparent, (trace(1, 2),))


def test_a_batch_has_no_more_links_than_are_kept() -> None:
    with remembered() as memory, receiving("g", [delivery(each, trace(each)) for each in range(1, 300)]):
        pass
    assert len(memory.named("batch g")[0].links) == MOST_LINKS
    assert len(memory.named("process quota")) == 299


def test_a_batch_that_fails_ends_all_its_spans() -> None:
    with remembered() as memory, suppress(ValueError), receiving("g", [delivery(1, trace(1)), delivery(2, trace(2))]):
        raise ValueError("private")
    assert {(each.ended, each.failed) for each in memory.made} == {(True, "ValueError")}
    assert current() is None


def test_what_is_sent_names_the_span_of_its_sending_and_keeps_all_else() -> None:
    given = [message(trace(1)), message(trace(2, flags="00")), message(None)]
    with remembered() as memory, sending(given) as sent:
        assert not memory.made[0].ended
    (made,) = memory.made
    assert (made.name, made.kind, made.parent, made.ended) == ("send quota", "producer", trace(1), True)
    assert made.attributes["cloudevents.event_type"] == "quota.reserved"
    assert [each == other for each, other in zip(sent, given, strict=True)] == [False, True, True]
    assert sent[0].headers == (("ce_type", b"quota.reserved"), ("traceparent", made.traceparent.encode()))
    assert (sent[0].topic, sent[0].key, sent[0].value) == (given[0].topic, given[0].key, given[0].value)


@pytest.mark.parametrize("value", [b"\xff1", b"garbage1", b""])
def test_what_is_sent_with_a_broken_trace_stays_as_it_is(value: bytes) -> None:
    given = [Message("quota", b"k", b"v", (("traceparent", value),))]
    with remembered() as memory, sending(given) as sent:
        assert (list(sent), memory.made) == (given, [])


def test_the_traceparent_may_be_any_header() -> None:
    given = [
        Message("quota", b"k", b"v", (("traceparent", trace(1, flags=flags).encode()), ("z", b"1")))
        for flags in ("01", "00")
    ]
    with remembered() as memory, sending(given) as sent:
        pass
    assert sent[0].headers == (("traceparent", memory.made[0].traceparent.encode()), ("z", b"1"))
    assert (sent[1], len(memory.made)) == (given[1], 1)


def test_a_dead_letter_keeps_the_headers_it_came_with() -> None:
    given = [message(trace(1), "dlq.quota")]
    with remembered() as memory, sending(given) as sent:
        assert (list(sent), memory.made) == (given, [])


def test_a_round_of_the_relay_is_a_trace_of_its_own_linked_to_what_it_says() -> None:
    said = [message(trace(1)), message(trace(2, flags="00")), message(None), message(trace(3))]
    with remembered() as memory, relaying(said):
        assert current() is memory.named("relay outbox")[0]
    (of_round,) = memory.made
    assert (of_round.parent, of_round.links) == (None, (trace(1), trace(3)))
    assert of_round.attributes["messaging.batch.message_count"] == 4
    with remembered(sampling=False) as memory, relaying(said):
        assert (memory.made, current()) == ([], None)
    with relaying(said):
        assert current() is None


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"1",
        b"\xff" * 100_000 + b"1",
        trace(1).encode()[:-1],
        trace(1).upper().encode() + b"\x00",
        trace(0).encode(),
        trace(1, span=0).encode(),
        b"ff" + trace(1).encode()[2:],
        b"\r\n" + trace(1).encode(),
        trace(1).replace("1", "\uff11", 1).encode(),
        trace(1, flags="00").encode(),
    ],
)
def test_a_record_that_was_refused_makes_no_span_of_a_header_that_is_no_traceparent(header: bytes | None) -> None:
    hostile = Record("quota", 0, 7, None, None, (("traceparent", trace(2).encode()), ("traceparent", header)), 0)
    with remembered() as memory:
        refused(hostile, "invalid", "InvalidEvent")
    assert memory.made == []


def test_a_record_that_was_refused_and_is_sampled_has_a_span_that_failed() -> None:
    record = Record("quota", 0, 7, None, None, (("traceparent", trace(2).encode()),), 0)
    with remembered() as memory:
        refused(record, "invalid", "InvalidEvent")
    (made,) = memory.made
    assert (made.parent, made.failed, made.attributes["docuvault.dead_letter"], made.ended) == (
        trace(2),
        "InvalidEvent",
        "invalid",
        True,
    )
