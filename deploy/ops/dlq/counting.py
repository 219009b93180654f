"""How many dead letters nobody has dealt with yet, without reading them."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import TopicPartition

from deploy.ops.dlq.journal import Journal, read_journal
from deploy.ops.dlq.letters import group_of
from deploy.ops.kafka import Bounds, Kafka


async def open_letters(kafka: Kafka, bounds: Bounds) -> Mapping[str, int]:
    """By group with any, where `bounds` are those of all topics of dead letters and maybe others. Raises StackError."""
    there = {at: span for at, span in bounds.items() if group_of(at.topic) and span[0] < span[1]}
    groups = {group_of(at.topic) or "" for at in there}
    journal = await read_journal(kafka, groups) if groups else Journal()
    found = dict.fromkeys(sorted(groups), 0)
    for at, (first, end) in there.items():
        found[group_of(at.topic) or ""] += end - first - await _done(kafka, journal, at, first, end)
    return found


async def _done(kafka: Kafka, journal: Journal, at: TopicPartition, first: int, end: int) -> int:
    """What the journal says of letters before the first one was written is of a topic that is gone."""
    group = group_of(at.topic) or ""
    if not journal.count(group, at.partition, first, end, since_ms=-1):
        return 0
    async for record in kafka.records(at, first, end):
        return journal.count(group, at.partition, first, end, record.timestamp_ms)
    return 0
