"""CloudEvents 1.0 over Kafka in binary mode: attributes in `ce_*` headers, the data as JSON in the value.

Source: CloudEvents Kafka protocol binding 1.0.2, section 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct
from pydantic import ValidationError

from docuvault_contracts.events import BY_TYPE, Event

Headers = Sequence[tuple[str, bytes]]

OBSERVED_NS = "ce_observedns"
"""An extension attribute of the ledger's decisions: the store's time, in ns, of the newest bytes seen under the key.

Not part of the data, which stays as it was first said: it may have grown when a decision is said again.
"""
_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, version 00 and those that look like it."""
_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", b"application/json")


class NotACloudEvent(ValueError):
    """The record is no event of ours that could be read; the message says what is wrong with it."""


class UnknownEventType(NotACloudEvent):
    """A CloudEvent of a type this version does not know: a reader of the topic skips it, for new types are no break."""


class Message(Struct, frozen=True, gc=False):
    """One record to publish: where to, under which key, with which headers and value."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Envelope(Struct, frozen=True, gc=False):
    """One event as it was read: `id` is the same however often the same fact is said."""

    id: str
    source: str
    time: datetime
    event: Event
    traceparent: str | None = None


class Voice:
    """Makes the records in which one source says events of one type: what they all share is encoded once."""

    def __init__(self, event: type[Event], source: str) -> None:
        self._topic = event.topic.name
        self._source_and_type = (("ce_source", source.encode()), ("ce_type", event.type.encode()))

    def say(  # noqa: PLR0913 - an event has that many parts
        self,
        key: str,
        data: bytes,
        *,
        id: str,  # noqa: A002 - the attribute's name in the standard
        time: datetime,
        traceparent: str | None = None,
        extensions: Iterable[tuple[str, bytes]] = (),
    ) -> Message:
        """The record with this data, JSON of the event that `encode` would write; otherwise as `encode`.

        `extensions` are attributes of the event that no reader needs, by the names of their headers.
        """
        subject = key.encode()
        headers: tuple[tuple[str, bytes], ...] = (
            _SPECVERSION,
            ("ce_id", id.encode()),
            *self._source_and_type,
            ("ce_time", _rfc3339(time)),
            ("ce_subject", subject),
            _CONTENT_TYPE,
            *extensions,
        )
        if traceparent is not None:
            headers = (*headers, ("traceparent", traceparent.encode()))
        return Message(self._topic, subject, data, headers)


@lru_cache(maxsize=64)
def _rfc3339(time: datetime) -> bytes:
    """A batch's events have one time."""
    return time.astimezone(UTC).isoformat().encode()


def encode(event: Event, *, id: str, source: str, time: datetime, traceparent: str | None = None) -> Message:  # noqa: A002 - the attribute's name in the standard
    """The record that says `event`; `id` must be derived from the fact, not drawn, and `time` is timezone-aware."""
    data = event.model_dump_json().encode()
    return Voice(type(event), source).say(event.key, data, id=id, time=time, traceparent=traceparent)


def decode(headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> Envelope:
    """Reads a record; NotACloudEvent for headers missing, repeated or not UTF-8, an unknown type, or bad data.

    A broken traceparent is left out: nobody loses an event over how it would have been traced.
    """
    headers = list(headers)
    attributes = _attributes(headers)
    if attributes.get("ce_specversion") != "1.0":
        raise NotACloudEvent(f"ce_specversion must be 1.0, not {attributes.get('ce_specversion')!r}")
    model = BY_TYPE.get(_required(attributes, "ce_type"))
    if model is None:
        raise UnknownEventType(f"unknown event type {attributes['ce_type']!r}")
    if value is None:
        raise NotACloudEvent("the record has no value")
    try:
        event = model.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "data"
        raise NotACloudEvent(f"{model.type}: {where}: {first['msg']}") from error
    return Envelope(
        id=_required(attributes, "ce_id"),
        source=_required(attributes, "ce_source"),
        time=_time(_required(attributes, "ce_time")),
        event=event,
        traceparent=_traceparent(headers),
    )


def type_of(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    """The CloudEvents type a record claims, without reading its data; None where it claims none or no text."""
    for name, raw in headers:
        if name == "ce_type" and raw is not None:
            return raw.decode("utf-8", "replace")
    return None


def _attributes(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, raw in headers:
        if not name.startswith("ce_"):
            continue
        if name in found:
            raise NotACloudEvent(f"header {name} is repeated")
        try:
            found[name] = (raw or b"").decode()
        except UnicodeDecodeError as error:
            raise NotACloudEvent(f"header {name} is not UTF-8") from error
    return found


def _traceparent(headers: Iterable[tuple[str, bytes | None]]) -> str | None:
    found = [raw or b"" for name, raw in headers if name == "traceparent"]
    return found[0].decode() if len(found) == 1 and _TRACEPARENT.fullmatch(found[0]) else None


def _required(attributes: dict[str, str], name: str) -> str:
    value = attributes.get(name)
    if not value:
        raise NotACloudEvent(f"header {name} is missing or empty")
    return value


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        utc = time.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the first hours of the year 1, east of Greenwich, are no UTC time
        raise NotACloudEvent(f"ce_time is no RFC 3339 time: {text!r}") from error
    if time.tzinfo is None:
        raise NotACloudEvent("ce_time has no time zone")
    return utc
