"""What the janitor reads from Kafka, and the one event it writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args
from uuid import UUID, uuid5

from docuvault_contracts import topics
from docuvault_contracts.cloudevents import Message, NotACloudEvent, decode, encode, type_of
from docuvault_contracts.events import BY_TYPE, ObjectRemoved
from docuvault_contracts.keys import ObjectKey, parse_key

from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.errors import InvalidEvent
from services.janitor.decide import Fact
from services.janitor.store import Removal

GROUP = "janitor"
TOPICS = (topics.QUOTA.name, topics.DOCUMENTS.name)
SOURCE = "docuvault/janitor"
NAMESPACE = UUID("6a0c1f52-58a5-4d0c-8a5e-6d1f3b0f0a6e")
"""Of the ids of the janitor's events; it must never change, since the same removal must keep its id."""

_FACTS: dict[str, type[Fact]] = {model.type: model for model in get_args(Fact)}


def parse(record: Record) -> Sequence[Delivery[Fact]]:
    """The fact a record tells; none where it is an event that does not concern objects. Raises InvalidEvent."""
    if _elsewhere(type_of(record.headers)):
        return ()
    try:
        envelope = decode(record.headers, record.value)
    except NotACloudEvent as error:
        raise InvalidEvent(str(error)) from error
    fact = envelope.event
    if not isinstance(fact, Fact):
        return ()
    _check_key(fact)
    return (Delivery(fact, Origin(record.topic, record.partition, record.offset), envelope.traceparent),)


def _elsewhere(event_type: str | None) -> bool:
    return event_type in BY_TYPE and event_type not in _FACTS


def _check_key(fact: Fact) -> None:
    """A key is deleted on the word of an event, so it must be one of ours, and the one of the document named."""
    parts = parse_key(fact.object_key)
    if parts is None or not _agrees(parts, fact):
        raise InvalidEvent(f"{fact.type}: the object key is not one of document {fact.document_id}")


def _agrees(parts: ObjectKey, fact: Fact) -> bool:
    return (parts.user_id, parts.document_id) == (fact.user_id, fact.document_id)


def removed(removal: Removal, traceparent: str | None = None) -> Message:
    """The event that says so; its id is the same however often it is said."""
    event = ObjectRemoved(
        document_id=removal.document_id,
        user_id=removal.user_id,
        object_key=removal.object_key,
        cause=removal.cause,
        removed_at=removal.removed_at,
    )
    name = f"{removal.object_key}:{removal.version}:{removal.cause}"
    return encode(
        event, id=str(uuid5(NAMESPACE, name)), source=SOURCE, time=removal.removed_at, traceparent=traceparent
    )
