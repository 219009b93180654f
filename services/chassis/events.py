"""Records of our own topics as events: what concerns a consumer, what it may skip, what nobody can understand."""

from __future__ import annotations

from collections.abc import Container

from docuvault_contracts.cloudevents import Envelope, NotACloudEvent, UnknownEventType, decode, type_of
from docuvault_contracts.events import BY_TYPE, DocumentEvent
from docuvault_contracts.keys import parse_key

from services.chassis.delivery import Record
from services.chassis.errors import InvalidEvent


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
