"""The events the ledger writes. Each id is derived from what it says, so the same fact re-emitted keeps its id."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha1
from operator import attrgetter
from uuid import UUID

import msgspec
from docuvault_contracts.cloudevents import OBSERVED_NS, Message, Voice, encode
from docuvault_contracts.events import Decision, LimitChanged, QuotaRejected, QuotaReleased, QuotaReserved

from services.quota.model import Decided, Reservation, State

SOURCE = "docuvault/quota"
NAMESPACE = UUID("0a3b3c52-6f0e-4c0b-9f0f-2b6a9b1f7d11")
"""Of the ids of the ledger's events; it must never change, since the same decision must keep its id."""

_NAMESPACE = NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
_json = msgspec.json.Encoder().encode


class LimitChange(msgspec.Struct, frozen=True, gc=False):
    """An account that was opened or got another limit; `version` counts such changes of the account from 1."""

    user_id: UUID
    used_bytes: int
    limit_bytes: int
    version: int
    changed_at: datetime


def _data_of(model: type[Decision]) -> Callable[[Reservation], bytes]:
    """Writes what the model would, byte for byte: the fields of its event are those of the row.

    Unchecked, since the table's CHECKs say more of a row than the model does.
    """
    fields = tuple(model.model_fields)
    data, values = msgspec.defstruct(model.__name__, fields, gc=False), attrgetter(*fields)
    return lambda row: _json(data(*values(row)))


_MODELS: dict[State, type[Decision]] = {
    "reserved": QuotaReserved,
    "rejected": QuotaRejected,
    "released": QuotaReleased,
}
_SAID = {state: (Voice(model, SOURCE), _data_of(model)) for state, model in _MODELS.items()}


def decision_message(decided: Decided) -> Message:
    """quota.reserved, quota.rejected or quota.released: all that a row of the ledger holds, but for its origin."""
    row = decided.decision
    voice, data = _SAID[row.state]
    return voice.say(
        str(row.document_id),
        data(row),
        id=decision_id(row.object_key, row.version),
        time=row.decided_at,
        traceparent=decided.traceparent,
        extensions=((OBSERVED_NS, b"%d" % row.observed_ns),),
    )


def decision_id(object_key: str, version: int) -> str:
    """The id of a decision's event."""
    return _id(f"{object_key}:{version}")


def limit_id(user_id: UUID, version: int) -> str:
    """The id of the event of an account's change of that number."""
    return _id(f"account {user_id}:{version}")


def _id(name: str) -> str:
    """`str(uuid5(NAMESPACE, name))`, in a quarter of its time."""
    digest = sha1(_NAMESPACE + name.encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


def limit_message(change: LimitChange) -> Message:
    """quota.limit_changed."""
    event = LimitChanged(
        user_id=change.user_id,
        limit_bytes=change.limit_bytes,
        used_bytes=change.used_bytes,
        changed_at=change.changed_at,
    )
    event_id = limit_id(change.user_id, change.version)
    return encode(event, id=event_id, source=SOURCE, time=change.changed_at)
