"""The event the janitor writes. Its id is derived from what it says, so the same removal re-emitted keeps its id."""

from __future__ import annotations

from uuid import UUID, uuid5

from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import ObjectRemoved

from services.janitor.decide import DELETED
from services.janitor.store import Removal

SOURCE = "docuvault/janitor"
NAMESPACE = UUID("6a0c1f52-58a5-4d0c-8a5e-6d1f3b0f0a6e")
"""Of the ids of the janitor's events; it must never change, since the same removal must keep its id."""


def removed_message(removal: Removal, traceparent: str | None = None) -> Message:
    """object.removed, for the order the object was removed by."""
    event = ObjectRemoved(
        document_id=removal.document_id,
        user_id=removal.user_id,
        object_key=removal.object_key,
        cause=removal.cause,
        removed_at=removal.removed_at,
    )
    event_id = uuid5(NAMESPACE, _name(removal))
    return encode(event, id=str(event_id), source=SOURCE, time=removal.removed_at, traceparent=traceparent)


def _name(removal: Removal) -> str:
    """Of the order: a document is deleted once, whatever is decided about its key later; a key may be refused often."""
    which = removal.cause if removal.cause == DELETED else f"{removal.version}:{removal.cause}"
    return f"{removal.object_key}:{which}"
