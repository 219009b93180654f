"""Documents and events for the tests of the upload service, all about one object unless told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from docuvault_contracts.events import (
    ClassificationFailed,
    Classified,
    FiledTopic,
    QuotaRejected,
    QuotaReleased,
    QuotaReserved,
    UploadAbandoned,
)
from msgspec.structs import replace

from services.upload.document import Document, Reason, Ruling, Status

USER = UUID("11111111-1111-4111-8111-111111111111")
DOCUMENT = UUID("22222222-2222-4222-8222-222222222222")
KEY = f"{USER}/{DOCUMENT}/33333333-3333-4333-8333-333333333333.txt"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ABOUT: dict[str, Any] = {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY}
TOPIC = FiledTopic(topic_id=UUID(int=7), name="Invoices", score=0.9, reason="says invoice")


def pending(**fields: Any) -> Document:
    made = Document(
        id=DOCUMENT,
        user_id=USER,
        object_key=KEY,
        filename="a.txt",
        content_type="text/plain",
        created_at=NOW,
        updated_at=NOW,
        expires_at=NOW + timedelta(minutes=15),
    )
    return replace(made, **fields)


def uploaded(version: int = 1, etag: str = "e1", size: int = 10, **fields: Any) -> Document:
    stored = pending(
        status=Status.UPLOADED,
        size_bytes=size,
        etag=etag,
        version=version,
        ruling=Ruling.RESERVED,
        used_bytes=size,
        limit_bytes=100,
    )
    return replace(stored, **fields)


def tombstone(status: Status, reason: Reason, version: int = 1, ruling: Ruling | None = None) -> Document:
    return pending(status=status, reason=reason, version=version, ruling=ruling)


def reserved(version: int = 1, etag: str = "e1", size: int = 10, used: int = 10, **fields: Any) -> QuotaReserved:
    return QuotaReserved(
        **ABOUT
        | {"version": version, "used_bytes": used, "limit_bytes": 100, "decided_at": NOW}
        | {"size_bytes": size, "etag": etag}
        | fields
    )


def rejected(version: int = 1, size: int = 200, reason: Any = "over_quota", **fields: Any) -> QuotaRejected:
    return QuotaRejected(
        **ABOUT
        | {"version": version, "used_bytes": 90, "limit_bytes": 100, "decided_at": NOW}
        | {"rejected_bytes": size, "etag": "e9", "reason": reason}
        | fields
    )


def released(version: int = 2, reason: Any = "document_deleted", **fields: Any) -> QuotaReleased:
    return QuotaReleased(
        **ABOUT
        | {"version": version, "used_bytes": 0, "limit_bytes": 100, "decided_at": NOW}
        | {"released_bytes": 10, "reason": reason}
        | fields
    )


def classified(
    version: int = 1, at: datetime = NOW, topics: tuple[FiledTopic, ...] = (TOPIC,), note: str | None = None
) -> Classified:
    return Classified(**ABOUT, version=version, topics=topics, classified_at=at, note=note)


def unclassified(version: int = 1, at: datetime = NOW, reason: str = "encrypted") -> ClassificationFailed:
    return ClassificationFailed(**ABOUT, version=version, reason=reason, failed_at=at)


def abandoned() -> UploadAbandoned:
    return UploadAbandoned(**ABOUT, abandoned_at=NOW)
