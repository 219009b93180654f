"""Records of Kafka in words: which key each is about, and what it says of it. Pure; whatever a record holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import quote_plus

from docuvault_contracts import topics
from docuvault_contracts.cloudevents import NotACloudEvent, decode
from docuvault_contracts.events import (
    ClassificationFailed,
    Classified,
    Event,
    ObjectMissing,
    ObjectRemoved,
    Observation,
    QuotaRejected,
    QuotaReleased,
    QuotaReserved,
    UploadRequested,
)
from docuvault_contracts.keys import owner_of
from docuvault_contracts.s3 import MalformedNotification, parse_notification

from deploy.ops.dlq.letters import Letter, Place, group_of, letter_of
from deploy.ops.explain_model import Heard
from deploy.ops.showing import moment, number
from services.chassis.delivery import Record

UNREADABLE = "unreadable"
KEPT = 500
"""Most records about one key that are kept; a key has a handful, unless somebody floods."""
_DOCUMENT = slice(37, 73)


@dataclass(slots=True)
class Findings:
    """What was found about one key; `left_out` counts what was over KEPT."""

    heard: list[Heard] = field(default_factory=list)
    dead: list[Letter] = field(default_factory=list)
    left_out: int = 0

    def add(self, found: Heard | Letter) -> None:
        """Keeps it, while there is room; of a letter what it says, and not what it holds."""
        if len(self.heard) + len(self.dead) >= KEPT:
            self.left_out += 1
        elif isinstance(found, Letter):
            self.dead.append(replace(found, value=b"", headers=(), raw_headers=b""))
        else:
            self.heard.append(found)


class Sieve:
    """Sorts records by the keys they are about; what is about none is dropped."""

    def __init__(self, keys: Iterable[str], bucket: str) -> None:
        self.found = {key: Findings() for key in keys}
        self._bucket = bucket.encode() + b"/"
        self._by_document = {owner[1].encode(): key for key in self.found if (owner := owner_of(key)) is not None}
        self._by_path = {path: key for key in self.found for path in (key.encode(), quote_plus(key, "/").encode())}

    @property
    def documents(self) -> Sequence[bytes]:
        """Their ids, which is how all but the store key their records."""
        return list(self._by_document)

    def see(self, record: Record) -> None:
        """Keeps what the record says of a key that is wanted."""
        key = self._key_of(record)
        if key is not None:
            self.found[key].add(letter_of(record) if group_of(record.topic) else _heard(record, key))

    def _key_of(self, record: Record) -> str | None:
        name = record.key or b""
        found = self._by_document.get(name)
        if found is None and name.startswith(self._bucket):
            path = name[len(self._bucket) :]
            found = self._by_path.get(path) or self._by_document.get(path[_DOCUMENT])
        if found is None and group_of(record.topic):
            found = self._mentioned(record.value or b"")
        return found

    def _mentioned(self, value: bytes) -> str | None:
        """A dead letter may have lost its key, and its value need not be anything that can be read."""
        return next((key for document, key in self._by_document.items() if document in value), None)


def _heard(record: Record, key: str) -> Heard:
    place, at = Place(record.topic, record.partition, record.offset), time_of(record.timestamp_ms)
    try:
        if record.topic == topics.STORAGE_EVENTS.name:
            return Heard(place, at, *_notified(record, key))
        envelope = decode(record.headers, record.value)
    except (NotACloudEvent, MalformedNotification) as error:
        return Heard(place, at, UNREADABLE, str(error))
    return Heard(place, at, envelope.event.type, _told(envelope.event), envelope.id)


def time_of(timestamp_ms: int) -> datetime:
    """A record's time is whatever its writer claims."""
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _notified(record: Record, key: str) -> tuple[str, str]:
    """MinIO says one thing a message; another store may say several, of which those about the key count."""
    said = [each for each in parse_notification(record.value) if each.key == key]
    if not said:
        return UNREADABLE, "a notification about another key than its own"
    words = [
        f"{number(each.size_bytes)} bytes, etag {each.etag}" if each.size_bytes is not None else "" for each in said
    ]
    return said[0].event_name, "; ".join(filter(None, words))


def _told(event: Event) -> str:  # noqa: PLR0911 - one line an event
    match event:
        case UploadRequested():
            reminded = getattr(event, "reminded_at", None)
            return "said again as a reminder" if reminded else f"its URL lives until {moment(event.expires_at)}"
        case Observation():
            return f"seen in the store: {number(event.size_bytes)} bytes, etag {event.etag}"
        case ObjectMissing():
            return "not in the store"
        case QuotaReserved():
            return f"version {event.version}: {number(event.size_bytes)} bytes{_account(event)}"
        case QuotaRejected():
            return f"version {event.version}: {number(event.rejected_bytes)} bytes, {event.reason}{_account(event)}"
        case QuotaReleased():
            return f"version {event.version}: {number(event.released_bytes)} bytes, {event.reason}{_account(event)}"
        case ObjectRemoved():
            return f"on the word of {event.cause}"
        case Classified():
            return f"version {event.version}: {len(event.topics)} topics"
        case ClassificationFailed():
            return f"version {event.version}: {event.reason}"
    return ""


def _account(event: QuotaReserved | QuotaRejected | QuotaReleased) -> str:
    return f"; {number(event.used_bytes)} of {number(event.limit_bytes)} in use"
