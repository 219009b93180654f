"""What became of records that were put back: read by the group, not read yet, or among its dead letters again."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from aiokafka import TopicPartition
from docuvault_contracts.topics import dead_letter_topic

from deploy.ops.dlq.letters import Letter, Place, letter_of
from deploy.ops.kafka import Bounds, Kafka

POLL_SECONDS = 0.1

What = Literal[
    "replayed", "read", "unread", "came back", "refused", "discarded", "would be replayed", "would be discarded"
]


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one letter, where its record stands now, why, and as which letter it came `back`."""

    letter: Letter
    what: What
    to: Place | None = None
    reason: str = ""
    back: str = ""


class Watcher:
    """Waits, up to `seconds` a time, until the groups have read what was put back."""

    def __init__(self, kafka: Kafka, seconds: float) -> None:
        self._kafka = kafka
        self._seconds = seconds
        self._before: Bounds = {}

    async def begin(self, letters: Sequence[Letter]) -> None:
        """Marks where the dead letters of their groups end, before anything is put back."""
        self._before = await self._kafka.bounds(sorted({dead_letter_topic(each.group).name for each in letters}))

    async def fates(self, sent: Sequence[Fate]) -> list[Fate]:
        """The same with what became of them. Raises StackError."""
        by_group: defaultdict[str, dict[Place, Fate]] = defaultdict(dict)
        for fate in sent:
            if fate.to is not None:
                by_group[fate.letter.group][fate.to] = fate
        known: dict[Place, Fate] = {}
        for group, fates in by_group.items():
            unread = await self._unread(group, fates)
            known |= {to: replace(fate, what="unread" if to in unread else "read") for to, fate in fates.items()}
            known |= await self._back(group, fates)
        return [known[fate.to] if fate.to is not None else fate for fate in sent]

    async def _unread(self, group: str, fates: Mapping[Place, Fate]) -> set[Place]:
        """A group commits past a record once it is applied, or lies among its dead letters."""
        deadline = time.monotonic() + self._seconds
        while True:
            committed = await self._kafka.committed(group)
            offsets = {at: each.offset for at, each in committed.items()}
            unread = {to for to in fates if offsets.get(TopicPartition(to.topic, to.partition), 0) <= to.offset}
            if not unread or time.monotonic() > deadline:
                return unread
            await asyncio.sleep(POLL_SECONDS)

    async def _back(self, group: str, fates: Mapping[Place, Fate]) -> dict[Place, Fate]:
        found: dict[Place, Fate] = {}
        for at, (_, end) in (await self._kafka.bounds([dead_letter_topic(group).name])).items():
            _, since = self._before.get(at, (0, 0))
            async for record in self._kafka.records(at, since, end):
                letter = letter_of(record)
                if letter.origin is not None and letter.origin in fates:
                    fate = fates[letter.origin]
                    found[letter.origin] = replace(fate, what="came back", reason=letter.reason, back=letter.name)
        return found
