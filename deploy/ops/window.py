"""The records of a topic since some time, read once from outside of any group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from aiokafka import TopicPartition

from deploy.ops.kafka import Kafka
from deploy.ops.progress import Progress
from services.chassis.delivery import Record

MOST = 2000
"""Records given at once."""
BLOCK = 500
"""Records looked at, before the time that is asked for, at once."""

Known = Callable[[Sequence[Record]], Awaitable[bool]]
"""Whether some records tell something, and all that they tell is known."""
Spans = Mapping[TopicPartition, tuple[int, int]]
"""By partition, the first offset that is wanted and the one after the last."""


async def spans_since(kafka: Kafka, topic: str, time_ms: int, known: Known) -> Spans:
    """What is in the topic now since that time (ms since the epoch), and before it as far as not all is known.

    Kafka tells times as the writers' clocks did, and those may have been wrong; the order in a partition never is.
    Raises StackError.
    """
    bounds = await kafka.bounds([topic])
    begins = await kafka.since([*bounds], time_ms)
    return {
        at: (await _back(kafka, at, first, begins.get(at, end), known), end)
        for at, (first, end) in sorted(bounds.items())
    }


async def _back(kafka: Kafka, at: TopicPartition, first: int, begin: int, known: Known) -> int:
    while begin > first:
        block = max(first, begin - BLOCK)
        if await known([record async for record in kafka.records(at, block, begin)]):
            break
        begin = block
    return begin


async def read_spans(kafka: Kafka, spans: Spans) -> AsyncIterator[Sequence[Record]]:
    """Their records, in order per partition; what is no record comes as one with a fault. Raises StackError."""
    topics = " and ".join(sorted({at.topic for at in spans}))
    done = 0
    with Progress(f"reading {topics}", sum(end - begin for begin, end in spans.values())) as progress:
        for at, (begin, end) in spans.items():
            async for records in _in_parts(kafka, at, begin, end):
                yield records
                done += len(records)
                progress.at(done)


async def _in_parts(kafka: Kafka, at: TopicPartition, begin: int, end: int) -> AsyncIterator[Sequence[Record]]:
    part: list[Record] = []
    async for record in kafka.records(at, begin, end):
        part.append(record)
        if len(part) == MOST:
            yield part
            part = []
    if part:
        yield part
