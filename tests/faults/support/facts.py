"""Every fact that the services' tables hold was said, and under one id; and nothing was said that is no fact."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from docuvault_contracts import topics

from deploy.local.info import StackInfo
from tests.faults.support.wire import Wire

TELLS: Mapping[str, Sequence[str]] = {
    "upload.requested": ("document_id", "reminded_at"),
    "upload.observed": ("object_key", "etag", "observed_ns"),
    "document.deleted": ("document_id", "reminded_at"),
    "quota.limit_changed": ("user_id", "changed_at"),
    "object.removed": ("object_key", "cause", "removed_at"),
    "object.observed": ("object_key", "etag", "observed_ns"),
    "object.missing": ("object_key", "observed_ns"),
    "upload.abandoned": ("object_key", "abandoned_at"),
}
"""By type, the fields that tell one fact from another. The ledger's decisions have rules of their own, see history."""

STORED: Mapping[str, str] = {
    "upload.requested": "SELECT id::text AS fact FROM upload.documents",
    "document.deleted": "SELECT id::text AS fact FROM upload.documents WHERE reason = 'document_deleted'",
    "object.removed": "SELECT object_key AS fact FROM janitor.objects WHERE state = 'removed'",
    "quota.limit_changed": "SELECT user_id::text AS fact, version AS times FROM quota.accounts",
}
"""By type, what the tables hold: the first of the fields that tell, and how many facts there are of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record of the services' own. `fact` is what tells it from others of its type."""

    type: str
    id: str
    fact: tuple[str, ...]
    body: bytes


async def read_events(wire: Wire) -> list[Event]:
    """All that the services ever said of the types above; not what the tests wrote into their topics."""
    found: list[Event] = []
    for topic in (topics.DOCUMENTS, topics.QUOTA, topics.STORAGE_JANITOR):
        for record in await wire.read(topic.name):
            headers = dict(record.headers)
            type_ = (headers.get("ce_type") or b"").decode(errors="replace")
            if type_ in TELLS and (headers.get("ce_source") or b"").startswith(b"docuvault/"):
                data: dict[str, Any] = json.loads(record.value)
                fact = tuple(str(data.get(name)) for name in TELLS[type_])
                found.append(Event(type_, headers["ce_id"].decode(), fact, record.value))
    return found


async def assert_said_once(info: StackInfo, wire: Wire) -> list[Event]:
    """Holds what was said to the tables, at rest only. Returns what was said, repetitions too."""
    events = await read_events(wire)
    contradictions = [*_contradictions(events)]
    assert not contradictions, contradictions
    connection = await asyncpg.connect(info.databases["audit"])
    try:
        for type_, query in STORED.items():
            stored = {row["fact"]: int(row.get("times", 1)) for row in await connection.fetch(query)}
            wrong = _wrong(events, type_, stored)
            assert not wrong, wrong
    finally:
        await connection.close()
    return events


def _contradictions(events: Sequence[Event]) -> Iterator[str]:
    ids: dict[tuple[str, ...], set[str]] = defaultdict(set)
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for event in events:
        ids[event.type, *event.fact].add(event.id)
        bodies[event.id].add(event.body)
    yield from (f"{fact} has ids {found}" for fact, found in ids.items() if len(found) > 1)
    yield from (f"{id_} says {found}" for id_, found in bodies.items() if len(found) > 1)


def _wrong(events: Sequence[Event], type_: str, stored: Mapping[str, int]) -> list[str]:
    """Facts that were not said as often as there are of them, and what was said and is none."""
    told = Counter(fact[0] for fact in {event.fact for event in events if event.type == type_})
    missing = [f"{type_}: {fact} was never said" for fact in Counter(stored) - told]
    return missing + [f"{type_}: {fact} is no fact" for fact in told.keys() - stored.keys()]
