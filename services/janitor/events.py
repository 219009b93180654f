"""The events the janitor writes. Each id is derived from what it says, so the same fact re-emitted keeps its id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from docuvault_contracts.cloudevents import Message, encode
from docuvault_contracts.events import DocumentEvent, ObjectMissing, ObjectObserved, ObjectRemoved, UploadAbandoned

from services.chassis.storage import ObjectStat
from services.janitor.decide import DELETED, Due
from services.janitor.store import Removal

SOURCE = "docuvault/janitor"
NAMESPACE = UUID("6a0c1f52-58a5-4d0c-8a5e-6d1f3b0f0a6e")
"""Of the ids of the janitor's events; it must never change, since the same fact must keep its id."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


class About(Protocol):
    """Which object an event is about: a row of the janitor's, or what a listing says of a key."""

    @property
    def object_key(self) -> str:
        """Its key."""

    @property
    def document_id(self) -> UUID:
        """The document it belongs to."""

    @property
    def user_id(self) -> UUID:
        """Whose document it is."""


def observed_message(about: About, stat: ObjectStat) -> Message:
    """object.observed; the same object, seen again, is the same fact."""
    event = ObjectObserved(**_owner(about), etag=stat.etag, size_bytes=stat.size, observed_ns=stat.observed_ns)
    return _said(event, f"{stat.etag}:{stat.observed_ns}", time_of(stat.observed_ns))


def missing_message(about: About, observed_ns: int) -> Message:
    """object.missing: nothing was there at a look at `observed_ns` or later, by the store's clock."""
    event = ObjectMissing(**_owner(about), observed_ns=observed_ns)
    return _said(event, str(observed_ns), time_of(observed_ns))


def abandoned_message(due: Due) -> Message:
    """upload.abandoned, since the time at which it was due to be looked up."""
    event = UploadAbandoned(**_owner(due), abandoned_at=due.look_at)
    return _said(event, str(ns_of(due.look_at)), due.look_at)


def _owner(about: About) -> dict[str, UUID | str]:
    return {"document_id": about.document_id, "user_id": about.user_id, "object_key": about.object_key}


def _said(event: DocumentEvent, fact: str, time: datetime) -> Message:
    event_id = uuid5(NAMESPACE, f"{event.object_key}:{event.type}:{fact}")
    return encode(event, id=str(event_id), source=SOURCE, time=time)


def ns_of(time: datetime) -> int:
    """Nanoseconds since the epoch, 0 for what was before it."""
    return max(0, (time - _EPOCH) // timedelta(microseconds=1) * 1000)


def time_of(ns: int) -> datetime:
    """The microsecond of so many nanoseconds since the epoch, in UTC."""
    return _EPOCH + timedelta(microseconds=ns // 1000)
