"""Records of the topic `quota` as what they say: rows of the ledger, and changes of limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from docuvault_contracts.cloudevents import OBSERVED_NS, Envelope, NotACloudEvent, decode, type_of
from docuvault_contracts.events import INT64_MAX, Decision, LimitChanged, QuotaRejected, QuotaReleased, QuotaReserved

from services.chassis.delivery import Origin, Record
from services.chassis.errors import InvalidEvent
from services.chassis.events import check_key
from services.quota.events import SOURCE, decision_id
from services.quota.model import Reservation

TYPES = {model.type for model in (QuotaReserved, QuotaRejected, QuotaReleased, LimitChanged)}


@dataclass(frozen=True, slots=True)
class LimitSaid:
    """A limit as it was told; the id tells which change of the account it was."""

    id: str
    user_id: UUID
    limit_bytes: int
    changed_at: datetime


def read(record: Record) -> Reservation | LimitSaid | None:
    """What the ledger said in a record; None for all else: others may write to its topic what they like.

    The row of a release has no etag yet, since its event tells none. A decision of a version that did not tell the time
    of the bytes can be no row.
    """
    envelope = _envelope(record)
    match envelope and envelope.event:
        case LimitChanged() as said:
            assert envelope is not None  # noqa: S101 - it has an event
            return LimitSaid(envelope.id, said.user_id, said.limit_bytes, said.changed_at)
        case Decision() as decision:
            assert envelope is not None  # noqa: S101 - as above
            return _row(decision, envelope.id, record)
    return None


def _envelope(record: Record) -> Envelope | None:
    if record.fault is not None or type_of(record.headers) not in TYPES:
        return None
    try:
        envelope = decode(record.headers, record.value)
        if isinstance(envelope.event, Decision):
            check_key(envelope.event)
    except (NotACloudEvent, InvalidEvent):
        return None
    return envelope if envelope.source == SOURCE else None


def _row(event: Decision, event_id: str, record: Record) -> Reservation | None:
    observed_ns = _observed_ns(record)
    if observed_ns is None or event_id != decision_id(event.object_key, event.version):
        return None
    parts: dict[str, Any] = {
        "object_key": event.object_key,
        "document_id": event.document_id,
        "user_id": event.user_id,
        "version": event.version,
        "observed_ns": observed_ns,
        "used_bytes": event.used_bytes,
        "limit_bytes": event.limit_bytes,
        "decided_at": event.decided_at,
        # Which record brought the fact is not told. The one that tells the decision is none of those that bring facts.
        "origin": Origin(record.topic, record.partition, record.offset),
    }
    return Reservation(**parts, **_outcome(event))


def _observed_ns(record: Record) -> int | None:
    found = next((value for name, value in record.headers if name == OBSERVED_NS), None)
    return int(found) if found is not None and found.isdigit() and int(found) <= INT64_MAX else None


def _outcome(event: Decision) -> dict[str, Any]:
    nothing = {"size_bytes": 0, "rejected_bytes": 0, "released_bytes": 0, "etag": None, "reason": None}
    match event:
        case QuotaReserved():
            return nothing | {"state": "reserved", "size_bytes": event.size_bytes, "etag": event.etag}
        case QuotaRejected():
            bytes_ = {"rejected_bytes": event.rejected_bytes, "released_bytes": event.released_bytes}
            return nothing | bytes_ | {"state": "rejected", "etag": event.etag, "reason": event.reason}
        case QuotaReleased():
            return nothing | {"state": "released", "released_bytes": event.released_bytes, "reason": event.reason}
    raise TypeError(f"{event.type} is no decision of the ledger")
