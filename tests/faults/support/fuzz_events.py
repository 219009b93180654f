"""CloudEvents as no service of ours writes them, made of those that they do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import (
    DocumentDeleted,
    Event,
    ObjectMissing,
    ObjectObserved,
    QuotaReleased,
    UploadObserved,
    UserRegistered,
)

from tests.faults.support.fuzz import BIG_VALUES, VALUES, Fate, Ghost, Hostile
from tests.unit.kafka_batches import Rec

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOW_NS = 1_760_000_000_000_000_000
Headers = list[tuple[bytes | None, bytes | None]]

TOPICS = (topics.DOCUMENTS.name, topics.STORAGE_JANITOR.name, topics.USERS.name)
"""Of the events that the ledger reads."""


def event(rng: Random, topic: str, *, big: bool = False) -> Hostile:
    """One of them for a topic, of one kind in equal parts; those of topic `quota` are not for the ledger."""
    ghost = Ghost(rng)
    message = encode(_event(rng, topic, ghost), id=str(ghost.document), source="fuzz", time=NOW)
    headers: Headers = [(name.encode(), value) for name, value in message.headers]
    choice = rng.random()
    if big or choice < 0.4:
        return _of_value(rng, message, headers, ghost, big=big)
    if choice < 0.7:
        kind, fate, change = rng.choice(HEADERS)
        return Hostile(topic, kind, Rec(message.value, message.key, tuple(change(rng, headers))), fate, ghost.key)
    return _of_data(rng, message, headers, ghost)


def _event(rng: Random, topic: str, ghost: Ghost) -> Event:
    ids: Any = {"document_id": ghost.document, "user_id": ghost.user, "object_key": ghost.key}
    seen: Any = {**ids, "etag": "e" * 32, "size_bytes": 7, "observed_ns": NOW_NS}
    if topic == topics.USERS.name:
        return UserRegistered(user_id=ghost.user, registered_at=NOW)
    if topic == topics.STORAGE_JANITOR.name:
        return rng.choice((ObjectObserved(**seen), ObjectMissing(**ids, observed_ns=NOW_NS)))
    if topic == topics.DOCUMENTS.name:
        return rng.choice((UploadObserved(**seen), DocumentDeleted(**ids, deleted_at=NOW)))
    return QuotaReleased(
        **ids, version=1, used_bytes=0, limit_bytes=0, decided_at=NOW, released_bytes=0, reason="document_deleted"
    )


def _of_value(rng: Random, message: Message, headers: Headers, ghost: Ghost, *, big: bool) -> Hostile:
    kind, fate, make = rng.choice(BIG_VALUES if big else VALUES)
    return Hostile(message.topic, kind, Rec(make(rng, message.value), message.key, tuple(headers)), fate, ghost.key)


def _of_data(rng: Random, message: Message, headers: Headers, ghost: Ghost) -> Hostile:
    data = json.loads(message.value)
    name = rng.choice(sorted(data.keys() & WRONG.keys()))
    data[name] = wrong = rng.choice(WRONG[name])
    value = json.dumps(data).encode()
    return Hostile(
        message.topic, f"{name} is {str(wrong)[:40]!r}", Rec(value, message.key, tuple(headers)), Fate.BAD, ghost.key
    )


_NO_ID: tuple[object, ...] = (None, "", "nobody", 7, [], {}, "0" * 100, "\0")
_OTHER = "7b7f9be0-8b1f-4f0c-8d9c-000000000000"
WRONG: dict[str, tuple[object, ...]] = {
    "user_id": _NO_ID,
    "document_id": (*_NO_ID, _OTHER),
    "object_key": (None, "", 7, [], "a/b/c", f"{_OTHER}/{_OTHER}/{_OTHER}.pdf", "x" * 1025, "\0", "\ud800"),
    "size_bytes": (None, -1, 2**63, 2**64, 10**300, 1.5, "many", [], {}, "-1"),
    "observed_ns": (None, -1, 2**63, 1.5, "now", []),
    "etag": (None, "", "e" * 257, 7, []),
    "deleted_at": (None, "never", "", [], "2026-01-01T00:00:00", {}),
    "registered_at": (None, "never", "", [], "2026-01-01T00:00:00", {}),
    "version": (None, -1, "x", 1.5, []),
    "released_bytes": (None, -1, 2**63, "x", 1.5),
}


def _set(name: bytes, *values: bytes | None) -> Callable[[Random, Headers], Headers]:
    return lambda rng, headers: [(each, rng.choice(values) if each == name else value) for each, value in headers]


def _without(name: bytes) -> Callable[[Random, Headers], Headers]:
    return lambda _, headers: [each for each in headers if each[0] != name]


def _with(*more: tuple[bytes, bytes | None]) -> Callable[[Random, Headers], Headers]:
    return lambda _, headers: [*headers, *more]


_NO_TEXT = (b"\xff\xfe", b"", None, b"\x80")
HEADERS: list[tuple[str, Fate, Callable[[Random, Headers], Headers]]] = [
    *(
        (f"no {name.decode()}", Fate.BAD, _without(name))
        for name in (b"ce_specversion", b"ce_id", b"ce_source", b"ce_time")
    ),
    ("no ce_type", Fate.BAD, _without(b"ce_type")),
    ("no headers", Fate.BAD, lambda *_: []),
    *((f"a wrong {name.decode()}", Fate.BAD, _set(name, *_NO_TEXT)) for name in (b"ce_id", b"ce_source", b"ce_time")),
    ("a ce_type that is no text", Fate.BAD, _set(b"ce_type", *_NO_TEXT)),
    ("another specversion", Fate.BAD, _set(b"ce_specversion", b"0.3", b"2.0", b"1.0 ", *_NO_TEXT)),
    (
        "a ce_time that is none",
        Fate.BAD,
        _set(b"ce_time", b"yesterday", b"2026-13-01T00:00:00Z", b"2026-01-01T00:00:00"),
    ),
    ("a ce_time far off", Fate.ANY, _set(b"ce_time", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59")),
    ("ce_id twice", Fate.BAD, _with((b"ce_id", b"again"))),
    ("ce_type twice", Fate.BAD, lambda _, headers: [*headers, *(each for each in headers if each[0] == b"ce_type")]),
    ("an extension that is no text", Fate.BAD, _with((b"ce_extension", b"\xff"))),
    ("a type to come", Fate.QUIET, _set(b"ce_type", b"document.archived", b"x", b"document.deleted.v2")),
    ("a type for others", Fate.QUIET, _set(b"ce_type", b"document.classified", b"quota.limit_changed")),
    ("a broken trace", Fate.ANY, _with((b"traceparent", b"\xff\0"), (b"traceparent", None))),
    ("a thousand headers", Fate.ANY, lambda _, headers: [*headers, *[(b"x", b"y")] * 1000]),
    ("good", Fate.ANY, lambda _, headers: headers),
]
