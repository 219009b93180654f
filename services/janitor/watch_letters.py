"""Dead letters that nobody has dealt with, pure: what lies in their topics less what the journal of operators says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from docuvault_contracts import topics
from docuvault_contracts.deadletters import JournalEntry
from pydantic import ValidationError

from services.chassis.delivery import Record

JOURNAL = JournalEntry.topic.name
GROUPS = {topics.dead_letter_topic(group).name: group for group in topics.GROUPS}
"""The group whose dead letters a topic holds."""

At = tuple[str, int]
"""A topic and a partition of it."""


class Notes:
    """Which letters were replayed or discarded, as far as the journal has been `read`: up to which offset."""

    def __init__(self) -> None:
        self.read = 0
        self._dealt: defaultdict[tuple[str, int], set[int]] = defaultdict(set)

    def take(self, records: Iterable[Record]) -> None:
        """The next records of the journal, in their order; what is no entry is passed over."""
        for record in records:
            self.read = record.offset + 1
            try:
                entry = JournalEntry.model_validate_json(record.value or b"")
            except ValidationError:
                continue
            self._dealt[entry.group, entry.partition].add(entry.offset)

    def open(self, bounds: Mapping[At, tuple[int, int]]) -> Mapping[str, int]:
        """By group, how many letters are neither; `bounds` are the first and the next offset of each partition."""
        found = dict.fromkeys(GROUPS.values(), 0)
        for (topic, partition), (first, end) in bounds.items():
            dealt = self._dealt[GROUPS[topic], partition]
            dealt -= {offset for offset in dealt if offset < first}  # retention took the letter
            found[GROUPS[topic]] += end - first - sum(offset < end for offset in dealt)
        return found
