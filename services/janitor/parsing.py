"""Reads the records of the janitor's topics: what was decided and what was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from docuvault_contracts import topics
from docuvault_contracts.cloudevents import NotACloudEvent, UnknownEventType, decode, type_of
from docuvault_contracts.events import BY_TYPE
from docuvault_contracts.keys import parse_key

from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.errors import InvalidEvent
from services.janitor.decide import Fact

GROUP = "janitor"
TOPICS = (topics.QUOTA.name, topics.DOCUMENTS.name)

_CONCERNING = {model.type for model in get_args(Fact)}


def parse(record: Record) -> Sequence[Delivery[Fact]]:
    """The fact a record tells; none where it is an event that does not concern objects. Raises InvalidEvent."""
    claimed = type_of(record.headers)
    if claimed in BY_TYPE and claimed not in _CONCERNING:
        return ()
    try:
        envelope = decode(record.headers, record.value)
    except UnknownEventType:  # of a writer newer than this reader
        return ()
    except NotACloudEvent as error:
        raise InvalidEvent(str(error)) from error
    fact = envelope.event
    if not isinstance(fact, Fact):
        raise TypeError(f"{fact.type} is said to concern the janitor, and is no fact of its rules")
    _check_key(fact)
    return (Delivery(fact, Origin(record.topic, record.partition, record.offset), envelope.traceparent),)


def _check_key(fact: Fact) -> None:
    """An object is deleted on the word of an event, so its key must be one of ours, and the one of whom it names."""
    key = parse_key(fact.object_key)
    if key is None or (key.user_id, key.document_id) != (fact.user_id, fact.document_id) or "\0" in fact.object_key:
        raise InvalidEvent(f"{fact.type}: the object key is not one of document {fact.document_id}")
