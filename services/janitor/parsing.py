"""Reads the records of the janitor's topics: what was decided and what was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from docuvault_contracts import topics

from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.events import check_key, read_event
from services.janitor.decide import Fact

GROUP = "janitor"
TOPICS = (topics.QUOTA.name, topics.DOCUMENTS.name)

_CONCERNING = {model.type for model in get_args(Fact)}


def parse(record: Record) -> Sequence[Delivery[Fact]]:
    """The fact a record tells; none where it is an event that does not concern objects. Raises InvalidEvent."""
    envelope = read_event(record, _CONCERNING)
    if envelope is None:
        return ()
    fact = envelope.event
    if not isinstance(fact, Fact):
        raise TypeError(f"{fact.type} is said to concern the janitor, and is no fact of its rules")
    check_key(fact)
    return (Delivery(fact, Origin(record.topic, record.partition, record.offset), envelope.traceparent),)
