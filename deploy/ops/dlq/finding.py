"""The dead letters of a stack, read from end to end without ever holding many."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition
from docuvault_contracts.topics import dead_letter_topic

from deploy.local.errors import StackError
from deploy.ops.dlq.letters import Letter, group_of, letter_of
from deploy.ops.dlq.selecting import Range, Selection
from deploy.ops.kafka import Kafka


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets from `first` on, before `end`, of a partition of dead letters."""

    at: TopicPartition
    first: int
    end: int


class Finder:
    """Finds letters. Raises StackError for a group, partition or letter that is not there."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka

    async def groups(self) -> Sequence[str]:
        """Whose dead letters there may be."""
        found = (group_of(topic) for topic in await self._kafka.partitions())
        return sorted(group for group in found if group is not None)

    async def spans(self, selection: Selection) -> Sequence[Span]:
        """Where to look for what is meant."""
        there = await self.groups()
        named = {each.group for each in selection.ranges} | ({selection.group} - {""})
        for group in sorted(named - set(there)):
            raise StackError(f"no group {group!r} has dead letters: there are {', '.join(there) or 'none'}")
        groups = [selection.group] if selection.group else sorted(named) or there
        bounds = await self._kafka.bounds([dead_letter_topic(group).name for group in groups])
        whole = [Span(at, first, end) for at, (first, end) in sorted(bounds.items()) if first < end]
        if not selection.ranges:
            return whole
        return [clipped for each in _merged(selection.ranges) for clipped in _clipped(each, whole, selection.group)]

    async def letters(self, spans: Sequence[Span], selection: Selection) -> AsyncIterator[Letter]:
        """Those that are meant, a partition after the other, in the order in which they were written."""
        for span in spans:
            async for record in self._kafka.records(span.at, span.first, span.end):
                letter = letter_of(record)
                if selection.wants(letter):
                    yield letter

    async def one(self, where: Range) -> Letter:
        """A single letter."""
        (span,) = await self.spans(Selection((where,)))
        async for record in self._kafka.records(span.at, span.first, span.end):
            return letter_of(record)
        raise StackError(f"there is no dead letter {where}")


def _merged(ranges: Sequence[Range]) -> Sequence[Range]:
    """The same offsets, each once, in order."""
    found: list[Range] = []
    for each in sorted(ranges, key=lambda one: (one.group, one.partition, one.first)):
        last = found[-1] if found else None
        if last and (last.group, last.partition) == (each.group, each.partition) and each.first <= last.last + 1:
            found[-1] = Range(last.group, last.partition, last.first, max(last.last, each.last))
        else:
            found.append(each)
    return found


def _clipped(wanted: Range, whole: Sequence[Span], group: str) -> Sequence[Span]:
    if group and wanted.group != group:
        raise StackError(f"{wanted} is no dead letter of {group}")
    topic = dead_letter_topic(wanted.group).name
    spans = [span for span in whole if span.at == TopicPartition(topic, wanted.partition)]
    found = [Span(span.at, max(span.first, wanted.first), min(span.end, wanted.last + 1)) for span in spans]
    if not found or found[0].first >= found[0].end:
        holds = f"{spans[0].first} to {spans[0].end - 1}" if spans else "none"
        raise StackError(f"there is no dead letter {wanted}: {topic}/{wanted.partition} holds {holds}")
    return found
