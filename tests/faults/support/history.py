"""What was ever said in the topic `quota`, held against itself and against the ledger: nothing is decided twice."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka.structs import ConsumerRecord
from docuvault_contracts import topics

from deploy.local.info import StackInfo
from tests.faults.support.wire import Wire

DECISIONS = {"quota.reserved": "reserved", "quota.rejected": "rejected", "quota.released": "released"}

_ROWS = "SELECT object_key, version, state, size_bytes FROM quota.reservations"
_USED = "SELECT user_id::text, used_bytes FROM quota.accounts"


@dataclass(frozen=True, slots=True)
class Said:
    """One decision as one record says it."""

    id: str
    state: str
    body: bytes
    data: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The object key it is about."""
        return str(self.data["object_key"])

    @property
    def version(self) -> int:
        """Which decision about the key it is, from 1."""
        return int(self.data["version"])

    @property
    def size_bytes(self) -> int:
        """What the key holds from then on."""
        return int(self.data.get("size_bytes", 0))


@dataclass(frozen=True, slots=True)
class History:
    """All decisions, in the order they were said; the same one as often as it was said."""

    said: Sequence[Said]

    @property
    def by_id(self) -> dict[str, Said]:
        """Each decision once."""
        return {each.id: each for each in self.said}

    @property
    def etags(self) -> set[tuple[str, str]]:
        """The keys that bytes were ever decided under, and the etags of those bytes."""
        return {(each.key, str(each.data["etag"])) for each in self.said if "etag" in each.data}

    def times(self, ids: Iterable[str]) -> dict[str, int]:
        """How often each of the decisions was said."""
        counts = dict.fromkeys(ids, 0)
        for each in self.said:
            if each.id in counts:
                counts[each.id] += 1
        return counts

    def latest(self) -> dict[str, Said]:
        """The last decision about each key."""
        found: dict[str, Said] = {}
        for each in self.said:
            if each.key not in found or each.version > found[each.key].version:
                found[each.key] = each
        return found


async def read_history(wire: Wire) -> History:
    """Reads the whole topic. AssertionError where a record in it is none of the ledger's."""
    return History([said for each in await wire.read(topics.QUOTA.name) if (said := _said(each)) is not None])


def _said(record: ConsumerRecord[bytes, bytes]) -> Said | None:
    """The decision in a record; None for other events, and for what the tests wrote there themselves."""
    headers = dict(record.headers)
    state = DECISIONS.get(headers.get("ce_type", b"").decode(errors="replace"))
    if state is None or headers.get("ce_source") != b"docuvault/quota":
        return None
    return Said(headers["ce_id"].decode(), state, record.value, json.loads(record.value))


async def assert_decided_once(info: StackInfo, wire: Wire) -> History:
    """Holds history to its rules and the ledger to history; at rest only. Returns it."""
    history = await read_history(wire)
    contradictions = _contradictions(history)
    assert not contradictions, contradictions
    connection = await asyncpg.connect(info.databases["audit"])
    try:
        rows = {row["object_key"]: tuple(row.values())[1:] for row in await connection.fetch(_ROWS)}
        used = {row["user_id"]: row["used_bytes"] for row in await connection.fetch(_USED)}
    finally:
        await connection.close()
    told = {key: (each.version, each.state, each.size_bytes) for key, each in history.latest().items()}
    assert _differences(told, rows) == {}, "what was said last is not what the ledger holds"
    assert _differences(_totals(history), {user: total for user, total in used.items() if total}) == {}
    return history


def _contradictions(history: History) -> list[str]:
    """Decisions that are missing, or said in two ways.

    Not: in which order. Records of one key come in several partitions, and after a crash one may be read again before
    the other whose decision, an earlier one, was not said either. Readers go by the version.
    """
    bodies: dict[str, set[tuple[str, bytes]]] = defaultdict(set)
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    versions: dict[str, set[int]] = defaultdict(set)
    for each in history.said:
        bodies[each.id].add((each.state, each.body))
        ids[each.key, each.version].add(each.id)
        versions[each.key].add(each.version)
    return [
        *(f"{id_} says {len(found)} things" for id_, found in bodies.items() if len(found) > 1),
        *(f"{key}: version {version} has ids {found}" for (key, version), found in ids.items() if len(found) > 1),
        *(f"{key}: versions {found}" for key, found in versions.items() if max(found) != len(found)),
        *_unbalanced(history),
    ]


def _unbalanced(history: History) -> Iterable[str]:
    """What a decision gives back must be what the one before it took."""
    by_place = {(each.key, each.version): each for each in history.said}
    for (key, version), each in by_place.items():
        before = by_place.get((key, version - 1))
        held = before.size_bytes if before is not None else 0
        if each.state != "reserved" and each.data["released_bytes"] != held:
            yield f"{key}: version {version} releases {each.data['released_bytes']} of {held}"


def _totals(history: History) -> dict[str, int]:
    totals: dict[str, int] = defaultdict(int)
    for each in history.latest().values():
        totals[str(each.data["user_id"])] += each.size_bytes
    return {user: total for user, total in totals.items() if total}


def _differences(told: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {key: (told.get(key), held.get(key)) for key in {*told, *held} if told.get(key) != held.get(key)}
