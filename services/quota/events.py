"""The events the ledger writes. Each id is derived from what it says, so the same fact re-emitted keeps its id."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import Decision, LimitChanged, QuotaRejected, QuotaReleased, QuotaReserved
from msgspec import Struct

from services.quota.model import Decided, Reservation, State

SOURCE = "docuvault/quota"
NAMESPACE = UUID("0a3b3c52-6f0e-4c0b-9f0f-2b6a9b1f7d11")
"""Of the ids of the ledger's events; it must never change, since the same decision must keep its id."""


class LimitChange(Struct, frozen=True, gc=False):
    """An account that was opened or got another limit; `version` counts such changes of the account from 1."""

    user_id: UUID
    used_bytes: int
    limit_bytes: int
    version: int
    changed_at: datetime


_MODELS: dict[State, type[Decision]] = {
    "reserved": QuotaReserved,
    "rejected": QuotaRejected,
    "released": QuotaReleased,
}
_FIELDS: dict[State, tuple[str, ...]] = {state: tuple(model.model_fields) for state, model in _MODELS.items()}


def decision_message(decided: Decided) -> Message:
    """quota.reserved, quota.rejected or quota.released: the fields of its event are those of the row."""
    row = decided.decision
    return encode(
        _event(row),
        id=str(uuid5(NAMESPACE, f"{row.object_key}:{row.version}")),
        source=SOURCE,
        time=row.decided_at,
        traceparent=decided.traceparent,
    )


def _event(row: Reservation) -> Decision:
    fields: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS[row.state]}
    return _MODELS[row.state].model_construct(**fields)  # the row's CHECKs say more than the model's


def limit_message(change: LimitChange) -> Message:
    """quota.limit_changed."""
    event = LimitChanged(
        user_id=change.user_id,
        limit_bytes=change.limit_bytes,
        used_bytes=change.used_bytes,
        changed_at=change.changed_at,
    )
    event_id = uuid5(NAMESPACE, f"account {change.user_id}:{change.version}")
    return encode(event, id=str(event_id), source=SOURCE, time=change.changed_at)
