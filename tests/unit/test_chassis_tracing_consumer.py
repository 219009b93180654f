"""A batch on its way: its handler goes on from the spans of its records, and its lines say where and whose it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import structlog
from docuvault_contracts.cloudevents import Message
from msgspec.structs import replace

from services.chassis.consumer_report import FEW, cause_of
from services.chassis.consumer_work import BatchWork
from services.chassis.delivery import Delivery, Record
from services.chassis.logging import _CAUSE
from services.chassis.tracing import span
from tests.unit.chassis_fakes import Applier, Said, batch, run, words, work_on
from tests.unit.chassis_log import Acked, Log, loop_on
from tests.unit.spans import remembered, trace


class Heard:
    """A handler that remembers what it was given, and does a part of something."""

    def __init__(self) -> None:
        self.given: list[Delivery[str]] = []

    async def handle(self, found: Sequence[Delivery[str]], /) -> list[Message]:
        with span("part"):
            self.given += found
        return []


def traced(found: Record) -> Sequence[Delivery[str]]:
    """Each word is of the trace of its number; "-" is of none."""
    return [each if each.event == "-" else replace(each, traceparent=trace(int(each.event))) for each in words(found)]


def on(values: Iterable[bytes], handler: Heard) -> BatchWork[str]:
    line = dataclasses.replace(work_on(batch([]), Applier(), Said()).line, parser=traced, handler=handler)
    return BatchWork(line, batch(values))


async def test_the_handler_goes_on_from_the_spans_of_its_records_and_works_in_that_of_the_batch() -> None:
    handler = Heard()
    work = on([b"1", b"-", b"2 3"], handler)
    with remembered() as memory:
        await run(work)
    records, (whole,) = memory.named("process t"), memory.named("batch testers")
    assert [each.traceparent for each in handler.given] == [
        records[0].traceparent,
        None,
        records[1].traceparent,
        records[2].traceparent,
    ]
    assert [each.event for each in handler.given] == ["1", "-", "2", "3"]
    assert memory.named("part")[0].parent == whole.traceparent
    assert all(each.ended for each in memory.made)


async def facts(*values: bytes) -> dict[str, object]:
    work = on(values, Heard())
    await work.parse()
    return cause_of(work)


def id_of(number: int) -> str:
    return trace(number)[3:35]


async def test_the_lines_of_one_record_say_its_place_and_its_trace() -> None:
    assert await facts(b"7") == {"topic": "t", "partition": 0, "offset": 0, "trace_id": id_of(7)}
    assert await facts(b"-") == {"topic": "t", "partition": 0, "offset": 0}


async def test_the_lines_of_several_say_their_places_and_their_traces_where_they_are_few() -> None:
    offsets = {"t/0": "0-1"}
    assert await facts(b"7", b"7") == {"offsets": offsets, "trace_id": id_of(7)}
    assert await facts(b"8", b"7") == {"offsets": offsets, "trace_ids": [id_of(7), id_of(8)]}
    assert "trace_ids" in await facts(b"1", b"2 " * (FEW - 1))
    assert await facts(b"1", b"2 " * FEW) == {"offsets": offsets}


async def test_whatever_is_logged_about_a_batch_is_bound_to_it() -> None:
    bound: list[object] = []

    class Bound:
        async def handle(self, found: Sequence[Delivery[str]], /) -> list[Message]:
            bound.append({**_CAUSE.get()})
            structlog.get_logger().info("said", size=len(found))
            return []

    log = Log(["a0", "a1", "a2"])
    async with loop_on(log, Bound(), Acked()) as loop:
        await loop.until(lambda: log.done)
    assert bound == [{"offsets": {"t/0": "0-1"}}, {"topic": "t", "partition": 0, "offset": 2}]
    assert _CAUSE.get() == {}
