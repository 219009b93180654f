"""Kafka as explain reads it: where the groups stand, and what was said of a few keys, in bounded time and memory."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aiokafka import TopicPartition
from docuvault_contracts import topics

from deploy.local.kafka_reach import Reach
from deploy.ops import groups as standing
from deploy.ops.audit_servers import OPTIONAL, READERS
from deploy.ops.dlq.journal import Journal, read_journal
from deploy.ops.dlq.letters import Letter, Place, group_of
from deploy.ops.explain_model import DeadLetter, Group, Kafka
from deploy.ops.explain_records import Findings, Sieve, time_of
from deploy.ops.kafka import Bounds, open_kafka
from deploy.ops.kafka import Kafka as Broker
from deploy.ops.progress import Progress
from services.chassis.producer_partition import partitions_of

Groups = Mapping[str, Group]

EARLIER = timedelta(minutes=1)
"""Reading starts that long before the document was made: a writer's clock may be behind."""
BY_DOCUMENT = (topics.DOCUMENTS, topics.QUOTA, topics.CLASSIFICATION, topics.STORAGE_JANITOR)
WATCHED = (topics.STORAGE_EVENTS, *BY_DOCUMENT, *map(topics.dead_letter_topic, topics.GROUPS))


@dataclass(frozen=True, slots=True)
class Reading:
    """What is to be read: since when, and for how many seconds at most.

    `looked_at` is the time by the database's clock, before anything is read.
    """

    since: datetime
    looked_at: datetime
    seconds: float


async def look(reach: Reach, sieve: Sieve, reading: Reading) -> dict[str, Kafka]:
    """What Kafka tells of each key of the sieve. Raises StackError where it is away.

    The groups' offsets are older than all that is read after this returns.
    """
    async with open_kafka(reach) as kafka:
        groups = {group.name: _group(group) for name in READERS if runs(group := await standing.look(kafka, name))}
        left, opened = await _read(kafka, sieve, reading, groups)
        journal = await _journal(kafka, sieve)
    return {
        key: Kafka(
            looked_at=reading.looked_at,
            groups=groups,
            heard=tuple(found.heard),
            dead=tuple(_dead(letter, journal) for letter in found.dead),
            unread=left,
            open_unread=opened,
            left_out=found.left_out,
        )
        for key, found in sieve.found.items()
    }


def runs(group: standing.Group) -> bool:
    """Whether the group is one of the stack's: some may be left out, and then nobody waits for them."""
    return group.name not in OPTIONAL or any(each.committed is not None for each in group.standings)


async def _read(kafka: Broker, sieve: Sieve, reading: Reading, groups: Groups) -> tuple[int, int]:
    """Shows the sieve all that was said since then and until now.

    What some group has not settled comes first, since that is what tells who waits for whom. Returns how many records
    there was no time for, and how many of these some group has not settled.
    """
    deadline = time.monotonic() + reading.seconds
    bounds = concerning(await kafka.bounds([topic.name for topic in WATCHED]), sieve.documents)
    since = await kafka.since([*bounds], max(0, round((reading.since - EARLIER).timestamp() * 1000)))
    opened, settled = parts_of(bounds, {at: since.get(at, end) for at, (_, end) in bounds.items()}, groups)
    with Progress("records of Kafka read", _count(opened) + _count(settled)) as progress:
        through = _Through(kafka, sieve, deadline, progress)
        waiting = await through.read(opened)
        return waiting + await through.read(settled), waiting


@dataclass(slots=True)
class _Through:
    """Reads parts of partitions until the time is over."""

    kafka: Broker
    sieve: Sieve
    deadline: float
    progress: Progress
    done: int = 0

    async def read(self, parts: Bounds) -> int:
        """How many records of `parts` there was no time for."""
        left = 0
        for at, (first, end) in parts.items():
            left += end - await self._part(at, first, end)
        return left

    async def _part(self, at: TopicPartition, first: int, end: int) -> int:
        """The offset up to which it was read."""
        place = first
        if time.monotonic() >= self.deadline:
            return place
        async with aclosing(self.kafka.records(at, first, end)) as records:
            async for record in records:
                self.sieve.see(record)
                self.done += record.offset + 1 - place
                place = record.offset + 1
                self.progress.at(self.done)
                if time.monotonic() >= self.deadline:
                    return place
        return end


def _count(parts: Bounds) -> int:
    return sum(end - first for first, end in parts.values())


def concerning(bounds: Bounds, documents: Sequence[bytes]) -> Bounds:
    """Leaves out partitions that hold nothing of the documents: what is keyed by document lies in one of a topic."""
    counts = {topic.name: sum(at.topic == topic.name for at in bounds) for topic in BY_DOCUMENT}
    wanted = {
        (name, partition) for name, count in counts.items() if count for partition in partitions_of(documents, count)
    }
    return {at: each for at, each in bounds.items() if at.topic not in counts or (at.topic, at.partition) in wanted}


def parts_of(bounds: Bounds, starts: Mapping[TopicPartition, int], groups: Groups) -> tuple[Bounds, Bounds]:
    """What some group that reads it has not settled, dead letters with it; and what all have. Empty ones are left out.

    A record may be older than its document, by its time, and still wait: what is open is read from where it begins.
    """
    opens = {at: starts[at] if group_of(at.topic) else _settled(at, groups, end) for at, (_, end) in bounds.items()}
    opened = {at: (opens[at], end) for at, (_, end) in bounds.items() if opens[at] < end}
    return opened, {at: (starts[at], opens[at]) for at in bounds if starts[at] < opens[at]}


def _settled(at: TopicPartition, groups: Groups, end: int) -> int:
    """The offset up to which every group that reads the partition has settled it."""
    places = (group.committed.get((at.topic, at.partition)) for group in groups.values())
    return min((place for place in places if place is not None), default=end)


def _group(found: standing.Group) -> Group:
    """Where a group has committed nothing it reads from the first record there is."""
    committed = {(each.topic, each.partition): max(each.first, each.committed or 0) for each in found.standings}
    return Group(found.name, found.members, sum(max(0, each.lag) for each in found.standings), committed)


async def _journal(kafka: Broker, sieve: Sieve) -> Journal:
    """What operators did about the letters that were found."""
    found: Iterable[Findings] = sieve.found.values()
    groups = {letter.group for findings in found for letter in findings.dead}
    return await read_journal(kafka, groups) if groups else Journal()


def _dead(letter: Letter, journal: Journal) -> DeadLetter:
    deed = journal.deed_about(letter)
    return DeadLetter(
        group=letter.group,
        place=Place(f"dlq.{letter.group}", letter.partition, letter.offset),
        at=time_of(letter.written_ms),
        cause=letter.cause,
        reason=letter.reason,
        origin=str(letter.origin or "somewhere"),
        done=None if deed is None else str(deed),
    )


def halted(groups: Groups, names: Iterable[str]) -> Groups:
    """The groups, those named marked as halted."""
    stopped = set(names)
    return {name: replace(group, halted=name in stopped) for name, group in groups.items()}
