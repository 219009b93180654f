"""Who is to look again, as records of topic documents.changes: hints, made out of what was written or said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

import msgspec
from docuvault_contracts.cloudevents import Message, Voice, type_of
from docuvault_contracts.events import (
    AccountChanged,
    DocumentChanged,
    DocumentDeleted,
    DocumentEvent,
    UploadRequested,
    UserEvent,
)

from services.chassis.delivery import Delivery
from services.upload.messages import SOURCE

_DOCUMENT = Voice(DocumentChanged, SOURCE)
_ACCOUNT = Voice(AccountChanged, SOURCE)
_TELLING = frozenset({UploadRequested.type, DocumentDeleted.type})


def changes(batch: Iterable[Delivery[DocumentEvent | UserEvent]], now: datetime) -> Iterator[Message]:
    """One of each document, and of each account that changed alone, that events of the batch were about.

    Also of those that changed nothing: of a batch that is replayed nobody knows whether it was said. The id is the
    place of the last of these events, the same when that is replayed.
    """
    last = {_about(delivery.event): delivery for delivery in batch}
    for (user_id, document_id), delivery in last.items():
        origin = delivery.origin
        fact = f"{origin.topic}/{origin.partition}/{origin.offset}"
        if document_id is None:
            yield _account(str(user_id), fact, now, delivery.traceparent)
        else:
            yield _document(str(user_id), str(document_id), fact, now, delivery.traceparent)


def _about(event: DocumentEvent | UserEvent) -> tuple[UUID, UUID | None]:
    return event.user_id, getattr(event, "document_id", None)  # isinstance is slow for pydantic's classes


class _Told(msgspec.Struct):
    user_id: UUID
    document_id: UUID
    reminded_at: str | None = None


_TOLD = msgspec.json.Decoder(_Told)


def change_beside(message: Message) -> Message | None:
    """The hint that goes with a message of the outbox: its document was made or deleted. A reminder is no change."""
    if type_of(message.headers) not in _TELLING:
        return None
    told = _TOLD.decode(message.value)
    if told.reminded_at is not None:
        return None
    headers = dict(message.headers)
    trace = headers.get("traceparent")
    return _document(
        str(told.user_id),
        str(told.document_id),
        f"{headers['ce_id'].decode()}/change",
        datetime.fromisoformat(headers["ce_time"].decode()),
        None if trace is None else trace.decode(),
    )


def _document(user_id: str, document_id: str, fact: str, time: datetime, traceparent: str | None) -> Message:
    """Written as the model would."""
    data = f'{{"user_id":"{user_id}","document_id":"{document_id}"}}'.encode()
    return _DOCUMENT.say(user_id, data, id=fact, time=time, traceparent=traceparent)


def _account(user_id: str, fact: str, time: datetime, traceparent: str | None) -> Message:
    return _ACCOUNT.say(user_id, f'{{"user_id":"{user_id}"}}'.encode(), id=fact, time=time, traceparent=traceparent)
