"""A dead letter as an operator sees it, and the record it came from as it can be put back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from docuvault_contracts.topics import DEAD_LETTER_JOURNAL, dead_letter_topic

from services.chassis.deadletters import MAX_REASON_CHARS, PREFIX
from services.chassis.delivery import Record

TOPIC_PREFIX = dead_letter_topic("").name
MOST_OF_A_CAUSE = 40
"""Characters: whoever can write to the topic can write anything."""
_NUMBER = re.compile(r"[0-9]{1,18}")
_NOT_OURS = (TOPIC_PREFIX, "__")
"""Topics that no consumer of ours reads: nothing comes from there."""

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a record is, or was, in Kafka."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter of `group`.

    `marks` are the dlq_* headers as text, without that prefix; `headers`, `key` and `value` are those of the record it
    came from, as far as they could be kept. `written_ms` is Kafka's timestamp, ms since the Unix epoch.
    """

    group: str
    partition: int
    offset: int
    written_ms: int
    key: bytes
    value: bytes
    headers: Headers
    marks: Mapping[str, str]
    raw_headers: bytes

    @property
    def name(self) -> str:
        """What it is called: group/partition/offset."""
        return f"{self.group}/{self.partition}/{self.offset}"

    @property
    def cause(self) -> str:
        """What failed."""
        return self.marks.get("cause", "unknown")[:MOST_OF_A_CAUSE]

    @property
    def reason(self) -> str:
        """Why, for a person."""
        return self.marks.get("reason", "it does not say")[:MAX_REASON_CHARS]

    @property
    def origin(self) -> Place | None:
        """Where it came from, as far as it says so."""
        topic, partition, offset = (self.marks.get(name, "") for name in ("topic", "partition", "offset"))
        if not topic or not _NUMBER.fullmatch(partition) or not _NUMBER.fullmatch(offset):
            return None
        return Place(topic, int(partition), int(offset))


def group_of(topic: str) -> str | None:
    """Whose dead letters a topic holds; None for one that holds none."""
    if topic == DEAD_LETTER_JOURNAL.name or not topic.startswith(TOPIC_PREFIX):
        return None
    return topic.removeprefix(TOPIC_PREFIX)


def letter_of(record: Record) -> Letter:
    """What a record among the dead letters says, whoever wrote it and whatever it is."""
    marks = {
        name.removeprefix(PREFIX): (value or b"").decode("utf-8", "backslashreplace")
        for name, value in record.headers
        if name.startswith(PREFIX) and name != f"{PREFIX}raw_headers"
    }
    if record.fault is not None:
        marks = {"cause": "unknown", "reason": f"it is no dead letter of ours: {record.fault.reason}"}
    return Letter(
        group=group_of(record.topic) or "",
        partition=record.partition,
        offset=record.offset,
        written_ms=record.timestamp_ms,
        key=record.key or b"",
        value=record.value or b"",
        headers=tuple((name, value) for name, value in record.headers if not name.startswith(PREFIX)),
        marks=marks,
        raw_headers=next((value or b"" for name, value in record.headers if name == f"{PREFIX}raw_headers"), b""),
    )


@dataclass(frozen=True, slots=True)
class Original:
    """The record a letter came from, as it is put back: null is None."""

    letter: Letter
    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def size_bytes(self) -> int:
        """What it takes of memory, about."""
        return (
            len(self.key or b"") + len(self.value or b"") + sum(len(name) + len(v or b"") for name, v in self.headers)
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a letter cannot be put back, for a person."""

    letter: Letter
    reason: str


def original_of(letter: Letter, partitions: Mapping[str, int], *, mend_headers: bool = False) -> Original | Refusal:
    """What a replay of `letter` writes, where `partitions` says how many each topic has.

    With `mend_headers`, headers whose names were no text are put back under the names that stand for them.
    """
    origin = letter.origin
    if origin is None:
        return Refusal(letter, "it does not say where it came from")
    if reason := _misplaced(origin, partitions) or _incomplete(letter, mend_headers=mend_headers):
        return Refusal(letter, reason)
    nulls = frozenset(letter.marks.get("null", "").split(","))
    return Original(
        letter,
        origin.topic,
        origin.partition,
        None if "key" in nulls else letter.key,
        None if "value" in nulls else letter.value,
        tuple(
            (name, None if f"header.{number}" in nulls else value)
            for number, (name, value) in enumerate(letter.headers)
        ),
    )


def _misplaced(origin: Place, partitions: Mapping[str, int]) -> str:
    if origin.topic.startswith(_NOT_OURS):
        return f"it says that it came from {origin.topic}, which no consumer reads"
    if origin.topic not in partitions:
        return f"the topic it came from, {origin.topic}, is not there"
    if origin.partition >= partitions[origin.topic]:
        return f"the partition it came from, {origin.topic}/{origin.partition}, is not there"
    return ""


def _incomplete(letter: Letter, *, mend_headers: bool) -> str:
    if cut := letter.marks.get("truncated"):
        return f"it is not whole, it had {cut}"
    if letter.raw_headers:
        return "" if mend_headers else "names of its headers are no text; --mend-headers puts back what stands for them"
    if letter.cause == "unreadable":
        return "nobody could read the record: what is kept are its raw bytes, not its value"
    return ""
