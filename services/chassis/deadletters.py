"""Dead letters: what a consumer could not understand, unchanged, with the reason and where it came from.

The value, the key and the headers are the original's; the `dlq_*` headers are ours. Putting a dead letter's value and
other headers back onto `dlq_topic` is a complete replay of the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from docuvault_contracts.cloudevents import Message
from docuvault_contracts.topics import dead_letter_topic

from services.chassis.delivery import Record

PREFIX = "dlq_"
MAX_REASON_CHARS = 1000

Cause = Literal["invalid", "parser", "handler", "unpublishable"]
"""What failed: the record itself, our parser, our handler, or what the handler wanted to publish. A metric's label."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that goes no further, and why; `reason` is for a person."""

    record: Record
    cause: Cause
    reason: str

    def message(self, group: str, now: datetime) -> Message:
        """The record to publish to the dead letters of `group`; `now` is timezone-aware."""
        record = self.record
        return Message(
            topic=dead_letter_topic(group).name,
            key=record.key or b"",
            value=record.value or b"",
            headers=(*_originals(record), *self._own(group, now)),
        )

    def _own(self, group: str, now: datetime) -> tuple[tuple[str, bytes], ...]:
        record = self.record
        found = {
            "reason": self.reason[:MAX_REASON_CHARS],
            "cause": self.cause,
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "group": group,
            "time": now.astimezone(UTC).isoformat(),
            # a message cannot say null, and a replay must not turn a tombstone into an empty value
            "null": ",".join(name for name in ("key", "value") if getattr(record, name) is None),
        }
        return tuple((PREFIX + name, text.encode("utf-8", "backslashreplace")) for name, text in found.items() if text)


def _originals(record: Record) -> tuple[tuple[str, bytes], ...]:
    """Without the marks of an earlier stay among the dead letters."""
    return tuple((name, value or b"") for name, value in record.headers if not name.startswith(PREFIX))


def reason_of(error: BaseException) -> str:
    """The class and message of a bug."""
    return f"{type(error).__name__}: {error}"
