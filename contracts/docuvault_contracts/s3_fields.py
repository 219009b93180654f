"""The fields of an S3 record that the ledger counts, each read strictly, and the record they make."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote_plus

import msgspec

from docuvault_contracts.events import INT64_MAX

Kind = Literal["created", "removed", "other"]

MAX_KEY_BYTES = 1024
"""S3's own limit for an object key in UTF-8."""
MAX_ETAG_LENGTH = 256
EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"
"""What S3 calls an object of no bytes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAX_AHEAD_NS = 24 * 60 * 60 * 10**9
_KINDS: tuple[tuple[str, Kind], ...] = (
    ("ObjectCreated:", "created"),
    ("ObjectRemoved:", "removed"),
    ("LifecycleExpiration:", "removed"),
)


class MalformedNotification(ValueError):
    """The message is no S3 notification that could be read; the text says what is wrong, and in which record."""


class ObjectRecord(msgspec.Struct, frozen=True):
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
    user_metadata: Mapping[str, str] = {}

    def __hash__(self) -> int:
        """Of everything but the metadata, which has none."""
        return hash((self.bucket, self.key, self.event_name, self.size_bytes, self.etag, self.observed_ns))


@lru_cache(maxsize=64)
def kind_of(event_name: str) -> Kind:
    """What an event says of its object's bytes."""
    name = event_name.removeprefix("s3:")  # MinIO writes the prefix, AWS does not
    return next((kind for prefix, kind in _KINDS if name.startswith(prefix)), "other")


def read_text(value: object, name: str) -> str:
    """A text that is there and can be stored."""
    if not isinstance(value, str) or not value:
        raise MalformedNotification(f"{name} is missing, empty or no text")
    if "\0" in value:
        raise MalformedNotification(f"{name} holds a NUL character")
    return value


def read_key(value: object) -> str:
    """The object's key, unescaped."""
    escaped = read_text(value, "s3.object.key")
    key = _unescape(escaped)
    if len(key.encode()) > MAX_KEY_BYTES:
        raise MalformedNotification(f"s3.object.key is longer than {MAX_KEY_BYTES} bytes")
    return read_text(key, "s3.object.key")


def _unescape(escaped: str) -> str:
    """In a key of ours mostly nothing but the slashes is escaped."""
    key = escaped.replace("%2F", "/")
    if "%" not in key and "+" not in key:
        return key
    try:
        return unquote_plus(escaped, errors="strict")
    except UnicodeDecodeError as error:
        raise MalformedNotification("s3.object.key does not unescape to UTF-8") from error


def read_etag(value: object, *, required: bool) -> str | None:
    """The etag without its quotes."""
    if value is None and not required:
        return None
    etag = value.strip('"') if isinstance(value, str) else ""
    if not etag and not required:
        return None
    if not etag or len(etag) > MAX_ETAG_LENGTH or not etag.isprintable():
        raise MalformedNotification("s3.object.eTag is missing, empty, too long or no printable text")
    return etag


def read_size(value: object, etag: str | None, *, required: bool) -> int | None:
    """The size in bytes."""
    if value is None:
        if required and etag != EMPTY_ETAG:
            raise MalformedNotification("s3.object.size is missing")
        return 0 if required else None  # MinIO leaves the field out where it is 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedNotification("s3.object.size is no whole number")
    if not 0 <= value <= INT64_MAX:
        raise MalformedNotification(f"s3.object.size must be 0 to {INT64_MAX}, not {value}")
    return value


def read_time_ns(sequencer: object, event_time: object) -> int:
    """The object's own time, of two places that tell it, in nanoseconds since the epoch."""
    own, said = _sequencer_ns(sequencer), event_time_ns(event_time)
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


def event_time_ns(value: object) -> int | None:
    """An RFC 3339 time in nanoseconds since the epoch; None for what is none."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if time is None or time.tzinfo is None or time < _EPOCH:
        return None
    return min((time - _EPOCH) // _MICROSECOND * 1000, INT64_MAX)


def read_metadata(value: object) -> dict[str, str]:
    """The user's metadata by lower-cased name; what is no text is left out."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {name.lower(): text for name, text in pairs if isinstance(text, str)}
