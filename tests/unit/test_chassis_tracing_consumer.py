"""A batch on its way: its handler goes on from the spans of its records, and its lines say where and whose it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import structlog
from docuvault_contracts.cloudevents import Message
from msgspec.structs import replace

from services.chassis.consumer_batch import Batch
from services.chassis.consumer_group import BatchLost
from services.chassis.consumer_pipeline import Pipeline
from services.chassis.consumer_report import FEW, cause_of
from services.chassis.consumer_work import BatchWork
from services.chassis.delivery import Delivery, Record
from services.chassis.errors import InvalidEvent
from services.chassis.logging import _CAUSE
from services.chassis.tracing import current, span
from tests.unit.chassis_fakes import Applier, Said, batch, run, words, work_on
from tests.unit.chassis_log import Acked, Log, loop_on
from tests.unit.spans import Made, Memory, remembered, trace


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


def on(values: Iterable[bytes], handler: Heard | Buggy) -> BatchWork[str]:
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


class Buggy:
    """A handler that has a bug about "3", and does not want "4"."""

    async def handle(self, found: Sequence[Delivery[str]], /) -> list[Message]:
        for each in found:
            if each.event == "3":
                raise KeyError("what a user wrote")
            if each.event == "4":
                raise InvalidEvent("what a user wrote")
        return []


async def test_the_span_of_what_becomes_a_dead_letter_says_so_and_no_other_does() -> None:
    with remembered() as memory:
        await run(on([b"1", b"2 3", b"4"], Buggy()))
    ends = {each.parent: (each.failed, each.attributes.get("docuvault.dead_letter")) for each in records_of(memory)}
    assert ends == {
        trace(1): (None, None),
        trace(2): (None, None),
        trace(3): ("KeyError", "handler"),
        trace(4): ("InvalidEvent", "invalid"),
    }
    assert "what a user wrote" not in str(memory.made)


def records_of(memory: Memory) -> list[Made]:
    return memory.named("process t")


def told(flags: str) -> tuple[tuple[str, bytes | None], ...]:
    return (("ce_id", b"1"), ("traceparent", trace(9, flags=flags).encode()))


async def test_a_record_that_is_no_event_has_a_span_where_its_header_says_that_it_is_sampled() -> None:
    def refuse(found: Record) -> Sequence[Delivery[str]]:
        if found.value == b"bug":
            raise KeyError("what a user wrote")
        raise InvalidEvent("what a user wrote")

    whole = batch([b"bug", b"bad", b"bad", b"bad"])
    headers = (told("01"), told("01"), told("00"), ())
    records = tuple(replace(each, headers=its) for each, its in zip(whole.records, headers, strict=True))
    work = on([], Heard())
    work = BatchWork(dataclasses.replace(work.line, parser=refuse), dataclasses.replace(whole, records=records))
    with remembered() as memory:
        await run(work)
    assert [(each.parent, each.failed, each.ended) for each in memory.made] == [
        (trace(9), "KeyError", True),
        (trace(9), "InvalidEvent", True),
    ]
    assert [each.attributes["docuvault.dead_letter"] for each in memory.made] == ["parser", "invalid"]
    assert "what a user wrote" not in str(memory.made)


async def through(log: Log, handler: Heard) -> list[Exception]:
    """A batch on its whole way; why it fell, if it did."""
    pipeline = Pipeline(log, on([], handler).line)
    await pipeline.take(await log.poll())
    return [error for _, error in await pipeline.drain()]


async def test_a_batch_and_its_records_last_until_its_commit_which_is_a_part_of_it() -> None:
    log, seen = Log(["1", "2"]), list[object]()

    async def look(_: Batch) -> None:
        seen.extend([current(), *(each.ended for each in [*records_of(memory), *memory.named("batch testers")])])

    log.before_commit = look
    with remembered() as memory:
        assert await through(log, Heard()) == []
    (commit,), (whole,) = memory.named("commit testers"), memory.named("batch testers")
    assert (seen, commit.parent) == ([commit, False, False, False], whole.traceparent)
    assert {(each.ended, each.failed) for each in memory.made} == {(True, None)}


async def test_a_batch_that_falls_before_its_commit_has_failed() -> None:
    async def lose(found: Batch) -> None:
        found.lost.set()

    log = Log(["1", "2"])
    log.before_commit = lose
    with remembered() as memory:
        assert [type(error) for error in await through(log, Heard())] == [BatchLost]
    assert {each.failed for each in memory.made if each.name != "part"} == {"BatchLost"}
    assert all(each.ended for each in memory.made)
