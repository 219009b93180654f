"""Dead letters: what a consumer could not understand, unchanged, with the reason and where it came from.

The value, the key and the headers are the original's; the `dlq_*` headers are ours. Putting a dead letter's key, value
and other headers back onto `dlq_topic`, null where `dlq_null` says so, is a complete replay of the record, unless
`dlq_truncated` says what was cut off, `dlq_raw_headers` holds headers whose names are no text, or the value is the raw
bytes of what was unreadable. `docuvault dlq` does it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from docuvault_contracts.cloudevents import Message
from docuvault_contracts.topics import dead_letter_topic

from services.chassis.delivery import Record

PREFIX = "dlq_"
MAX_REASON_CHARS = 1000
RESERVED_BYTES = 64 * 1024
"""Of a dead letter, for the headers of ours and what Kafka adds."""

Headers = tuple[tuple[str, bytes], ...]
Cause = Literal["unreadable", "invalid", "parser", "handler", "unpublishable"]
"""What failed: the record as Kafka has it, what it says, our parser, our handler, or what the handler wanted to say.
A metric's label.
"""
CAUSES: tuple[Cause, ...] = get_args(Cause)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that goes no further, and why; `reason` is for a person."""

    record: Record
    cause: Cause
    reason: str

    def message(self, group: str, now: datetime) -> Message:
        """The record to publish to the dead letters of `group`; `now` is timezone-aware."""
        topic = dead_letter_topic(group)
        kept = _fitting(self.record, topic.max_message_bytes - RESERVED_BYTES)
        return Message(topic.name, kept.key, kept.value, (*kept.headers, *self._own(group, now, kept.truncated)))

    def _own(self, group: str, now: datetime, truncated: str) -> Headers:
        record = self.record
        found = {
            "reason": self.reason[:MAX_REASON_CHARS],
            "cause": self.cause,
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "group": group,
            "time": now.astimezone(UTC).isoformat(),
            "truncated": truncated,
            # a message cannot say null, and a replay must not turn a tombstone into an empty value
            "null": ",".join(_nulls(record)),
        }
        return tuple((PREFIX + name, text.encode("utf-8", "backslashreplace")) for name, text in found.items() if text)


@dataclass(frozen=True, slots=True)
class _Kept:
    key: bytes
    value: bytes
    headers: Headers
    truncated: str


def _fitting(record: Record, room: int) -> _Kept:
    """What fits of a record into `room` bytes. A batch that a producer compressed may hold records above all limits."""
    headers, raw = _originals(record), record.fault.raw_headers if record.fault else b""
    cut: list[str] = []
    if _size(headers) + len(raw) > room // 2:
        cut.append(f"headers of {_size(headers)} bytes")
        headers, raw = (), raw[: room // 2]
    if raw:
        headers = (*headers, (f"{PREFIX}raw_headers", raw))
    key = _cut("key", record.key or b"", room // 4, cut)
    value = _cut("value", record.value or b"", room - _size(headers) - len(key), cut)
    return _Kept(key, value, headers, ", ".join(cut))


def _cut(name: str, part: bytes, room: int, cut: list[str]) -> bytes:
    if len(part) <= room:
        return part
    cut.append(f"{name} of {len(part)} bytes")
    return part[:room]


def _nulls(record: Record) -> Iterator[str]:
    yield from (name for name in ("key", "value") if getattr(record, name) is None)
    headers = (value for name, value in record.headers if not name.startswith(PREFIX))
    yield from (f"header.{number}" for number, value in enumerate(headers) if value is None)


def _size(headers: Headers) -> int:
    return sum(len(name.encode()) + len(value) + 10 for name, value in headers)


def _originals(record: Record) -> Headers:
    """Without the marks of an earlier stay among the dead letters."""
    return tuple((name, value or b"") for name, value in record.headers if not name.startswith(PREFIX))


def reason_of(error: BaseException) -> str:
    """The class and message of a bug."""
    return f"{type(error).__name__}: {error}"
