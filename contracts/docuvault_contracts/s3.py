"""The records MinIO writes to `storage.events`, read tolerantly: S3's notification format in MinIO's wrapping.

Tolerant of what does not matter (unknown fields, unknown events, metadata of any shape), strict about what the ledger
counts: bucket, key, size, etag and time. Source: the S3 event message structure, and MinIO's `event.Event`.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from docuvault_contracts import s3_fields
from docuvault_contracts.s3_fields import (
    EMPTY_ETAG,
    MAX_ETAG_LENGTH,
    MAX_KEY_BYTES,
    Kind,
    MalformedNotification,
    ObjectRecord,
)
from docuvault_contracts.s3_minio import read_minio

__all__ = [
    "EMPTY_ETAG",
    "MAX_ETAG_LENGTH",
    "MAX_KEY_BYTES",
    "Kind",
    "MalformedNotification",
    "ObjectRecord",
    "parse_notification",
    "parse_tolerantly",
]


def parse_notification(value: bytes | None) -> tuple[ObjectRecord, ...]:
    """All records of one Kafka message, in their order; none for S3's test event.

    Raises MalformedNotification where the message or any of its records cannot be understood.
    """
    plain = read_minio(value) if value else None
    return parse_tolerantly(value) if plain is None else (plain,)


def parse_tolerantly(value: bytes | None) -> tuple[ObjectRecord, ...]:
    """As `parse_notification`, which takes a short cut where it changes nothing: this is what a message means."""
    message = _json_object(value)
    if message.get("Event") == "s3:TestEvent":
        return ()
    records = message.get("Records")
    if not isinstance(records, list) or not records:
        raise MalformedNotification("Records is missing, empty or no list")
    return tuple(_named(index, record) for index, record in enumerate(records))


def _json_object(value: bytes | None) -> dict[str, Any]:
    if not value:
        raise MalformedNotification("the message is empty")
    try:
        # pydantic's reader has a depth limit, so that nested garbage is an error and no exhausted stack
        message = from_json(value, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedNotification(f"no JSON: {error}") from error
    if not isinstance(message, dict):
        raise MalformedNotification(f"a JSON object was expected, not {type(message).__name__}")
    return message


def _named(index: int, record: object) -> ObjectRecord:
    try:
        return _record(record)
    except MalformedNotification as error:
        raise MalformedNotification(f"Records[{index}]: {error}") from error


def _record(raw: object) -> ObjectRecord:
    record = _mapping(raw, "the record")
    event_name = s3_fields.read_text(record.get("eventName"), "eventName")
    kind = s3_fields.kind_of(event_name)
    if kind == "other":
        return _other(record, event_name)
    s3 = _mapping(record.get("s3"), "s3")
    item = _mapping(s3.get("object"), "s3.object")
    etag = s3_fields.read_etag(item.get("eTag"), required=kind == "created")
    return ObjectRecord(
        bucket=s3_fields.read_text(_mapping(s3.get("bucket"), "s3.bucket").get("name"), "s3.bucket.name"),
        key=s3_fields.read_key(item.get("key")),
        event_name=event_name,
        kind=kind,
        size_bytes=s3_fields.read_size(item.get("size"), etag, required=kind == "created"),
        etag=etag,
        observed_ns=s3_fields.read_time_ns(item.get("sequencer"), record.get("eventTime")),
        user_metadata=s3_fields.read_metadata(item.get("userMetadata")),
    )


def _other(record: dict[str, Any], event_name: str) -> ObjectRecord:
    """An event that says nothing about bytes: whatever shape it has, it is understood and ignored."""
    return ObjectRecord("", "", event_name, "other", None, None, s3_fields.event_time_ns(record.get("eventTime")) or 0)


def _mapping(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedNotification(f"{name} is missing or no JSON object")
    return value
