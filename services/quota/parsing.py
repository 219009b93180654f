"""Reads the records of the ledger's topics: MinIO's notifications, and CloudEvents of the other services."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from asyncpg.pgproto.pgproto import UUID
from docuvault_contracts import topics
from docuvault_contracts.events import (
    DocumentDeleted,
    DocumentEvent,
    Event,
    ObjectMissing,
    ObjectObserved,
    Observation,
    UploadObserved,
    UserRegistered,
)
from docuvault_contracts.keys import owner_of
from docuvault_contracts.s3 import MalformedNotification, ObjectRecord, parse_notification

from services.chassis.delivery import Delivery, Origin, Record
from services.chassis.errors import InvalidEvent
from services.chassis.events import check_key, read_event
from services.quota.model import Absent, Deleted, Fact, Observed, Registered

TOPICS = tuple(topic.name for topic in (topics.STORAGE_EVENTS, topics.DOCUMENTS, topics.STORAGE_JANITOR, topics.USERS))
TRACE_METADATA = "x-amz-meta-traceparent"
"""Object metadata signed into the presigned URL: it carries the trace across the store."""

_user = lru_cache(maxsize=8192)(UUID)
"""Users come again and again. The driver's UUID is uuid.UUID to everybody, and reads and writes its text in C."""
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_CONCERNING = {model.type for model in (UploadObserved, ObjectObserved, ObjectMissing, DocumentDeleted, UserRegistered)}


class QuotaParser:
    """Parser of the ledger. `bucket` is the one all documents are in; `default_limit_bytes` is a new account's."""

    def __init__(self, bucket: str, default_limit_bytes: int) -> None:
        self._bucket = bucket
        self._default_limit_bytes = default_limit_bytes

    def __call__(self, record: Record) -> Sequence[Delivery[Fact]]:
        """The facts a record tells; none where it does not concern the ledger. Raises InvalidEvent."""
        if record.topic == topics.STORAGE_EVENTS.name:
            return self._notification(record)
        return self._event(record)

    def _notification(self, record: Record) -> Sequence[Delivery[Fact]]:
        try:
            found = parse_notification(record.value)
        except MalformedNotification as error:
            raise InvalidEvent(str(error)) from error
        return [
            Delivery(self._fact_of(each), Origin(record.topic, record.partition, record.offset, index), _trace(each))
            for index, each in enumerate(found)
            if each.kind != "other"
        ]

    def _fact_of(self, each: ObjectRecord) -> Fact:
        owner = owner_of(each.key)
        if each.bucket != self._bucket or owner is None:
            raise InvalidEvent(f"foreign object: bucket {each.bucket!r}, key {each.key!r}")
        user_id, document_id = _user(owner[0]), UUID(owner[1])
        if each.size_bytes is None or each.etag is None or each.kind == "removed":
            return Absent(each.key, document_id, user_id, each.observed_ns)
        return Observed(each.key, document_id, user_id, each.etag, each.size_bytes, each.observed_ns)

    def _event(self, record: Record) -> Sequence[Delivery[Fact]]:
        envelope = read_event(record, _CONCERNING)
        if envelope is None:
            return ()
        return (
            Delivery(
                self._fact(envelope.event), Origin(record.topic, record.partition, record.offset), envelope.traceparent
            ),
        )

    def _fact(self, event: Event) -> Fact:
        if isinstance(event, UserRegistered):
            limit = self._default_limit_bytes if event.limit_bytes is None else event.limit_bytes
            return Registered(event.user_id, limit)
        if isinstance(event, DocumentEvent):
            _check_text(event)
        return _object_fact(event)


def _object_fact(event: Event) -> Fact:
    match event:
        case UploadObserved() | ObjectObserved():
            seen = event.etag, event.size_bytes, event.observed_ns
            return Observed(event.object_key, event.document_id, event.user_id, *seen, asked=True)
        case ObjectMissing():
            return Absent(event.object_key, event.document_id, event.user_id, event.observed_ns, asked=True)
        case DocumentDeleted():
            asked = event.reminded_at is not None
            return Deleted(event.object_key, event.document_id, event.user_id, asked=asked)
    raise TypeError(f"{event.type} is said to concern the ledger, and there is no fact for it")


def _check_text(event: DocumentEvent) -> None:
    """What is charged for must be storable, and the document's own."""
    check_key(event)
    if isinstance(event, Observation) and "\0" in event.etag:
        raise InvalidEvent(f"{event.type}: a NUL character")


def _trace(each: ObjectRecord) -> str | None:
    found = each.user_metadata.get(TRACE_METADATA)
    return found if found and _TRACEPARENT.fullmatch(found) else None
