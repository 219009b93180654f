"""Which dead letters are meant: by where they lie, whose they are, why and since when. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.local.errors import StackError
from deploy.ops.dlq.letters import Letter
from deploy.ops.output import printable

_PLACE = re.compile(r"([^/\s]+)/([0-9]{1,9})/([0-9]{1,18})(?:-([0-9]{1,18}))?")
_VARIES = (
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b(?=[0-9a-fA-F]*[0-9])[0-9a-fA-F]{8,}\b"), "<hex>"),
    (re.compile(r"[0-9]+"), "<n>"),
)
"""What differs from one letter of a reason to the next."""


@dataclass(frozen=True, slots=True)
class Range:
    """The letters of a group's partition from offset `first` to `last`, both included."""

    group: str
    partition: int
    first: int
    last: int

    def __str__(self) -> str:
        span = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.group}/{self.partition}/{span}"


@dataclass(frozen=True, slots=True)
class Selection:
    """All that is not empty must fit. `reason` is part of a reason or of its shape, `since_ms` as Letter.written_ms."""

    ranges: Sequence[Range] = ()
    group: str = ""
    cause: str = ""
    reason: str = ""
    since_ms: int | None = None

    @property
    def everything(self) -> bool:
        """Whether it narrows nothing down."""
        return not (self.ranges or self.group or self.cause or self.reason or self.since_ms is not None)

    def wants(self, letter: Letter) -> bool:
        """Whether a letter of its group and ranges is meant."""
        if self.cause and letter.cause != self.cause:
            return False
        if self.since_ms is not None and letter.written_ms < self.since_ms:
            return False
        return not self.reason or any(
            self.reason in said for said in (letter.reason, printable(letter.reason), shape(letter.reason))
        )


def shape(reason: str) -> str:
    """A reason without what differs from one letter to the next, and safe to be shown."""
    text = printable(reason)
    for pattern, stands in _VARIES:
        text = pattern.sub(stands, text)
    return text


def parse_range(text: str) -> Range:
    """`group/partition/offset` or `group/partition/first-last`. Raises StackError."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise StackError(f"a dead letter is called group/partition/offset or …/first-last, not {text!r}")
    group, partition, first, last = found.groups()
    if last is not None and int(last) < int(first):
        raise StackError(f"the range {text!r} ends before it begins")
    return Range(group, int(partition), int(first), int(last or first))


def age(written_ms: int, now: datetime) -> str:
    """How long ago that was, in the largest unit that is full."""
    seconds = max(0, int(now.timestamp()) - written_ms // 1000)
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
