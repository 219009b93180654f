"""The records MinIO writes to `storage.events`, read tolerantly: S3's notification format in MinIO's wrapping.

Tolerant of what does not matter (unknown fields, unknown events, metadata of any shape), strict about what the ledger
counts: bucket, key, size, etag and time. Source: the S3 event message structure, and MinIO's `event.Event`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import unquote_plus

from pydantic_core import from_json

from docuvault_contracts.events import INT64_MAX

Kind = Literal["created", "removed", "other"]

MAX_KEY_BYTES = 1024
"""S3's own limit for an object key in UTF-8."""
MAX_ETAG_LENGTH = 256
EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
"""What S3 calls an object of no bytes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_AHEAD_NS = 24 * 60 * 60 * 10**9
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("ObjectCreated:", "created"),
    ("ObjectRemoved:", "removed"),
    ("LifecycleExpiration:", "removed"),
)


class MalformedNotification(ValueError):
    """The message is no S3 notification that could be read; the text says what is wrong, and in which record."""


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """One thing that happened to one object.

    `key` is unescaped. `size_bytes` and `etag` (without quotes) are set for `created`, and as sent, or None, otherwise.
    `observed_ns` is the object's own time in nanoseconds since the epoch. Of kind `other`, nothing is promised but the
    `event_name`: a text may be empty and the time 0. `user_metadata` has lower-cased names.
    """

    bucket: str
    key: str
    event_name: str
    kind: Kind
    size_bytes: int | None
    etag: str | None
    observed_ns: int
    user_metadata: Mapping[str, str] = field(default_factory=dict, hash=False)


def parse_notification(value: bytes | None) -> tuple[ObjectRecord, ...]:
    """All records of one Kafka message, in their order; none for S3's test event.

    Raises MalformedNotification where the message or any of its records cannot be understood.
    """
    message = _json_object(value)
    if message.get("Event") == "s3:TestEvent":
        return ()
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        raise MalformedNotification("Records is missing, empty or no list")
    return tuple(_named(index, record) for index, record in enumerate(records))


def _json_object(value: bytes | None) -> dict[str, Any]:
    if not value:
        raise MalformedNotification("the message is empty")
    try:
        # pydantic's reader has a depth limit, so that nested garbage is an error and no exhausted stack
        message = from_json(value, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedNotification(f"no JSON: {error}") from error
    if not isinstance(message, dict):
        raise MalformedNotification(f"a JSON object was expected, not {type(message).__name__}")
    return message


def _named(index: int, record: object) -> ObjectRecord:
    try:
        return _record(record)
    except MalformedNotification as error:
        raise MalformedNotification(f"Records[{index}]: {error}") from error


def _record(raw: object) -> ObjectRecord:
    record = _mapping(raw, "the record")
    event_name = _text(record.get("eventName"), "eventName")
    kind = _kind(event_name)
    if kind == "other":
        return _other(record, event_name)
    s3 = _mapping(record.get("s3"), "s3")
    item = _mapping(s3.get("object"), "s3.object")
    etag = _etag(item.get("eTag"), required=kind == "created")
    return ObjectRecord(
        bucket=_text(_mapping(s3.get("bucket"), "s3.bucket").get("name"), "s3.bucket.name"),
        key=_key(item.get("key")),
        event_name=event_name,
        kind=kind,
        size_bytes=_size(item.get("size"), etag, required=kind == "created"),
        etag=etag,
        observed_ns=_observed_ns(item.get("sequencer"), record.get("eventTime")),
        user_metadata=_metadata(item.get("userMetadata")),
    )


def _other(record: dict[str, Any], event_name: str) -> ObjectRecord:
    """An event that says nothing about bytes: whatever shape it has, it is understood and ignored."""
    return ObjectRecord("", "", event_name, "other", None, None, _event_time_ns(record.get("eventTime")) or 0)


def _kind(event_name: str) -> Kind:
    name = event_name.removeprefix("s3:")  # MinIO writes the prefix, AWS does not
    return next((kind for prefix, kind in _KINDS if name.startswith(prefix)), "other")


def _mapping(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedNotification(f"{name} is missing or no JSON object")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise MalformedNotification(f"{name} is missing, empty or no text")
    if "\0" in value:
        raise MalformedNotification(f"{name} holds a NUL character")
    return value


def _key(value: object) -> str:
    escaped = _text(value, "s3.object.key")
    try:
        key = unquote_plus(escaped, errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedNotification("s3.object.key does not unescape to UTF-8") from error
    if len(key.encode()) > MAX_KEY_BYTES:
        raise MalformedNotification(f"s3.object.key is longer than {MAX_KEY_BYTES} bytes")
    return _text(key, "s3.object.key")


def _etag(value: object, *, required: bool) -> str | None:
    if value is None and not required:
        return None
    etag = value.strip('"') if isinstance(value, str) else ""
    if not etag and not required:
        return None
    if not etag or len(etag) > MAX_ETAG_LENGTH or not etag.isprintable():
        raise MalformedNotification("s3.object.eTag is missing, empty, too long or no printable text")
    return etag


def _size(value: object, etag: str | None, *, required: bool) -> int | None:
    if value is None:
        if required and etag != EMPTY_ETAG:
            raise MalformedNotification("s3.object.size is missing")
        return 0 if required else None  # MinIO leaves the field out where it is 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedNotification("s3.object.size is no whole number")
    if not 0 <= value <= INT64_MAX:
        raise MalformedNotification(f"s3.object.size must be 0 to {INT64_MAX}, not {value}")
    return value


def _observed_ns(sequencer: object, event_time: object) -> int:
    own, said = _sequencer_ns(sequencer), _event_time_ns(event_time)
    if own is None and said is None:
        raise MalformedNotification("neither sequencer nor eventTime tells the time")
    if own is None or (said is not None and own > said + _MAX_AHEAD_NS):
        return said or 0  # another store's sequencer is hex, too, but no time: it lands in the far future
    return own


def _sequencer_ns(value: object) -> int | None:
    try:
        found = int(value, 16) if isinstance(value, str) else 0
    except ValueError:
        return None
    return found if 0 < found <= INT64_MAX else None


def _event_time_ns(value: object) -> int | None:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if time is None or time.tzinfo is None or time < _EPOCH:
        return None
    return min((time - _EPOCH) // timedelta(microseconds=1) * 1000, INT64_MAX)


def _metadata(value: object) -> dict[str, str]:
    pairs = value.items() if isinstance(value, dict) else ()
    return {name.lower(): text for name, text in pairs if isinstance(text, str)}
