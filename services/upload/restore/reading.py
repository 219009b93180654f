"""Records of the topic `documents` as rows to bring back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from docuvault_contracts.cloudevents import NotACloudEvent, decode, type_of
from docuvault_contracts.events import DocumentDeleted, UploadRequested
from docuvault_contracts.http import UNKNOWN_MEDIA_TYPE
from docuvault_contracts.keys import parse_key

from services.chassis.delivery import Record
from services.chassis.errors import InvalidEvent
from services.chassis.events import check_key

TYPES = {UploadRequested.type, DocumentDeleted.type}
SHORTEST_TYPE, LONGEST_TYPE = 3, 255
NAMELESS = "unnamed"
_MOMENT = timedelta(milliseconds=1)
"""Of a URL of which nothing is known but that it is past."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A document that may have to be brought back, pending or, where `deleted`, as its owner's tombstone."""

    id: UUID
    user_id: UUID
    object_key: str
    filename: str
    content_type: str
    created_at: datetime
    expires_at: datetime
    deleted: bool = False
    multipart: bool = False


def read(record: Record) -> Lost | None:
    """The document that a record says was asked for, or deleted; None for all else."""
    if record.fault is not None or type_of(record.headers) not in TYPES:
        return None
    try:
        event = decode(record.headers, record.value).event
        if not isinstance(event, (UploadRequested, DocumentDeleted)):
            return None
        check_key(event)
    except (NotACloudEvent, InvalidEvent):
        return None
    return _requested(event) if isinstance(event, UploadRequested) else _deleted(event)


def _requested(event: UploadRequested) -> Lost | None:
    if event.expires_at <= event.requested_at:
        return None
    return Lost(
        id=event.document_id,
        user_id=event.user_id,
        object_key=event.object_key,
        filename=_name(event.object_key),
        content_type=_type(event.content_type),
        created_at=event.requested_at,
        expires_at=event.expires_at,
        multipart=bool(event.multipart),
    )


def _deleted(event: DocumentDeleted) -> Lost:
    """The tombstone, should even its request be lost."""
    lost = nameless(event.document_id, event.user_id, event.object_key, event.deleted_at, deleted=True)
    return replace(lost, multipart=bool(event.multipart))


def nameless(document_id: UUID, user_id: UUID, object_key: str, time: datetime, *, deleted: bool = False) -> Lost:
    """A document of which nothing is known but its key, and that it was there at `time`."""
    return Lost(document_id, user_id, object_key, _name(object_key), UNKNOWN_MEDIA_TYPE, time, time + _MOMENT, deleted)


def _name(object_key: str) -> str:
    """What the client called the file was in the database alone; its suffix is in the key."""
    key = parse_key(object_key)
    return NAMELESS + (key.ext if key else "")


def _type(content_type: str) -> str:
    storable = SHORTEST_TYPE <= len(content_type) <= LONGEST_TYPE and content_type.isprintable()
    return content_type if storable else UNKNOWN_MEDIA_TYPE
