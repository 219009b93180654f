"""What operators did about dead letters, from topic dlq.journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from aiokafka import TopicPartition
from docuvault_contracts.deadletters import JournalEntry
from pydantic import ValidationError

from deploy.ops.dlq.letters import Letter
from deploy.ops.kafka import Kafka

TOPIC = JournalEntry.topic.name


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did about a number of letters at one time."""

    action: str
    by: str
    at: datetime
    why: str

    def __str__(self) -> str:
        return f"{self.action} by {self.by} at {self.at:%Y-%m-%d %H:%M:%S%z}{': ' if self.why else ''}{self.why}"


@dataclass(frozen=True, slots=True)
class _Note:
    written_ms: int
    deed: Deed
    replayed_to: str


class Journal:
    """The last deed about each letter. A hundred thousand of them take some 30 MB."""

    def __init__(self) -> None:
        self._notes: defaultdict[tuple[str, int], dict[int, _Note]] = defaultdict(dict)
        self._deeds: dict[Deed, Deed] = {}
        self.unreadable = 0

    def note(self, entry: JournalEntry) -> None:
        """Takes in one more entry; a later one about the same letter counts."""
        deed = Deed(entry.action, entry.by, entry.at, entry.why)
        kept = _Note(entry.written_ms, self._deeds.setdefault(deed, deed), entry.replayed_to)
        self._notes[entry.group, entry.partition][entry.offset] = kept

    def deed_about(self, letter: Letter) -> Deed | None:
        """What was done about a letter; one of a topic of that name that is gone is another letter."""
        found = self._found(letter)
        return found.deed if found else None

    def place_of(self, letter: Letter) -> str:
        """Where a replayed letter's record stands again, topic/partition/offset; empty where it was not replayed."""
        found = self._found(letter)
        return found.replayed_to if found else ""

    def _found(self, letter: Letter) -> _Note | None:
        found = self._notes.get((letter.group, letter.partition), {}).get(letter.offset)
        return found if found is not None and found.written_ms == letter.written_ms else None

    def count(self, group: str, partition: int, first: int, end: int, since_ms: int) -> int:
        """How many letters from offset `first` on, before `end`, that were written at `since_ms` or later, are done."""
        notes = self._notes.get((group, partition), {})
        return sum(first <= offset < end and note.written_ms >= since_ms for offset, note in notes.items())


async def read_journal(kafka: Kafka, groups: Collection[str]) -> Journal:
    """All that was done about letters of `groups`; nothing where there is no such topic. Raises StackError."""
    journal = Journal()
    for at, (first, end) in (await kafka.bounds([TOPIC])).items():
        async for record in kafka.records(TopicPartition(at.topic, at.partition), first, end):
            try:
                entry = JournalEntry.model_validate_json(record.value or b"")
            except ValidationError:
                journal.unreadable += 1
                continue
            if entry.group in groups:
                journal.note(entry)
    return journal
