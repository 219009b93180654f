"""The events of this service, as the records that say them. Ids are derived, so that a fact said twice is one fact."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid5

import orjson
from docuvault_contracts.cloudevents import Message, Voice, encode
from docuvault_contracts.events import (
    DocumentDeleted,
    DocumentEvent,
    ReclassifyRequested,
    UploadObserved,
    UploadRequested,
)

from services.chassis.storage import ObjectStat
from services.upload.document import Document

SOURCE = "docuvault/upload"


_REQUESTED = Voice(UploadRequested, SOURCE)


def upload_requested(document: Document, traceparent: str) -> Message:
    """A URL was handed out for a document that was just made."""
    return _requested(document, document.created_at, traceparent)


def upload_reminded(document: Document, reminded_at: datetime) -> Message:
    """The same once more, at `reminded_at`: the URL is long dead and nobody has told what became of it."""
    return _requested(document, reminded_at, reminded_at=reminded_at)


def _requested(
    document: Document, time: datetime, traceparent: str | None = None, reminded_at: datetime | None = None
) -> Message:
    """Written as the model would, byte for byte. Ids out of the database are of the driver's own kind of UUID."""
    data = {
        "document_id": (key := str(document.id)),
        "user_id": str(document.user_id),
        "object_key": document.object_key,
        "content_type": document.content_type,
        "requested_at": document.created_at,
        "expires_at": document.expires_at,
        "reminded_at": reminded_at,
        "multipart": document.multipart or None,
    }
    fact = "" if reminded_at is None else f":{reminded_at.isoformat()}"
    return _REQUESTED.say(
        key,
        orjson.dumps(data, option=orjson.OPT_UTC_Z),
        id=str(uuid5(document.id, UploadRequested.type + fact)),
        time=time,
        traceparent=traceparent,
    )


def upload_observed(document: Document, stat: ObjectStat, time: datetime, traceparent: str) -> Message:
    """A confirm saw the object in the store; the same look at the same object has the same id."""
    event = UploadObserved(
        document_id=document.id,
        user_id=document.user_id,
        object_key=document.object_key,
        etag=stat.etag,
        size_bytes=stat.size,
        observed_ns=stat.observed_ns,
    )
    return _message(event, time, traceparent, f":{document.object_key}:{stat.etag}:{stat.observed_ns}")


def document_deleted(document: Document, time: datetime, traceparent: str) -> Message:
    """Its owner deleted the document, which happens once."""
    event = DocumentDeleted(
        document_id=document.id,
        user_id=document.user_id,
        object_key=document.object_key,
        deleted_at=time,
        multipart=document.multipart or None,
    )
    return _message(event, time, traceparent)


def deletion_reminded(document: Document, reminded_at: datetime) -> Message:
    """The same once more, at `reminded_at`: the ledger has not told that it let go of the bytes."""
    event = DocumentDeleted(
        document_id=document.id,
        user_id=document.user_id,
        object_key=document.object_key,
        deleted_at=document.updated_at,
        reminded_at=reminded_at,
        multipart=document.multipart or None,
    )
    return encode(event, id=_id(event, f":{reminded_at.isoformat()}"), source=SOURCE, time=reminded_at)


def reclassify_requested(document: Document, time: datetime, traceparent: str) -> Message:
    """Its owner wants the document classified again, which may happen often: the time tells the wishes apart."""
    event = ReclassifyRequested(
        document_id=document.id, user_id=document.user_id, object_key=document.object_key, requested_at=time
    )
    return _message(event, time, traceparent, f":{time.isoformat()}")


def _message(event: DocumentEvent, time: datetime, traceparent: str, fact: str = "") -> Message:
    return encode(event, id=_id(event, fact), source=SOURCE, time=time, traceparent=traceparent)


def _id(event: DocumentEvent, fact: str) -> str:
    """`fact` tells apart what may happen to one document several times."""
    return str(uuid5(event.document_id, event.type + fact))
