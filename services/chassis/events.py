"""Records of our own topics as events: what concerns a consumer, what it may skip, what nobody can understand."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Generic, TypeVar

from docuvault_contracts.cloudevents import Envelope, NotACloudEvent, UnknownEventType, decode, type_of
from docuvault_contracts.events import BY_TYPE, DocumentEvent
from docuvault_contracts.keys import parse_key

from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.errors import InvalidEvent

F = TypeVar("F", bound=DocumentEvent)

YEARS = range(1971, 9000)
"""From the one to the other end of which no reckoning with times overflows."""


def read_event(record: Record, concerning: Container[str]) -> Envelope | None:
    """The event of `record`; None where its type is not among `concerning`, or of a writer newer than this reader.

    Raises InvalidEvent for what is no CloudEvent, or has bad data.
    """
    claimed = type_of(record.headers)
    if claimed in BY_TYPE and claimed not in concerning:
        return None
    try:
        return decode(record.headers, record.value)
    except UnknownEventType:
        return None
    except NotACloudEvent as error:
        raise InvalidEvent(str(error)) from error


def check_key(event: DocumentEvent) -> None:
    """Bytes are charged and deleted on the word of an event, so its key must be one of ours, and the one it names.

    Raises InvalidEvent.
    """
    key = parse_key(event.object_key)
    if "\0" in event.object_key:
        raise InvalidEvent(f"{event.type}: a NUL character in the object key")
    if key is None or (key.user_id, key.document_id) != (event.user_id, event.document_id):
        raise InvalidEvent(f"{event.type}: the object key is not one of document {event.document_id}")


class FactParser(Generic[F]):
    """Parses the events of these kinds, each about a document under a key of ours; `check_values` refuses the rest."""

    def __init__(self, kinds: Sequence[type[F]], check_values: Callable[[F], None]) -> None:
        self._kinds = tuple(kinds)
        self._concerning = frozenset(kind.type for kind in kinds)
        self._check_values = check_values

    def __call__(self, record: Record) -> Sequence[Delivery[F]]:
        """The fact a record tells; none where it is an event of another kind. Raises InvalidEvent."""
        envelope = read_event(record, self._concerning)
        if envelope is None:
            return ()
        fact = envelope.event
        if not isinstance(fact, self._kinds):
            raise TypeError(f"{fact.type} is said to concern this service, and is no fact of its rules")
        check_key(fact)
        self._check_values(fact)
        return (Delivery(fact, Origin(record.topic, record.partition, record.offset), envelope.traceparent),)
