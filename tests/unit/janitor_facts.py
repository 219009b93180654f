"""Facts about one key as the janitor hears them, and how patient it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from docuvault_contracts.events import DocumentDeleted, QuotaRejected, QuotaReleased, QuotaReserved, UploadRequested

from services.janitor.decide import Known, Patience

USER, DOCUMENT = UUID(int=1), UUID(int=2)
KEY = f"{USER}/{DOCUMENT}/{UUID(int=3)}.pdf"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATIENCE = Patience(age=60 * MINUTE, grace=15 * MINUTE, every=30 * MINUTE)
DUE = NOW + PATIENCE.age
UNKNOWN = Known(KEY, DOCUMENT, USER)
OWNER = {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY}
DECISION = {**OWNER, "used_bytes": 0, "limit_bytes": 9, "decided_at": NOW}
DELETED = DocumentDeleted(document_id=DOCUMENT, user_id=USER, object_key=KEY, deleted_at=NOW)


def requested(*, reminded: timedelta | None = None, minutes: float = 15, at: datetime = NOW) -> UploadRequested:
    """A URL of so many minutes was handed out; said again, where it is a reminder, so long after."""
    return UploadRequested(
        document_id=DOCUMENT,
        user_id=USER,
        object_key=KEY,
        content_type="text/plain",
        requested_at=at,
        expires_at=at + minutes * MINUTE,
        reminded_at=None if reminded is None else at + reminded,
    )


def reserved(version: int, etag: str = "e") -> QuotaReserved:
    return QuotaReserved.model_validate(DECISION | {"version": version, "size_bytes": 5, "etag": etag})


def rejected(version: int) -> QuotaRejected:
    refused = {"version": version, "rejected_bytes": 5, "etag": "e", "reason": "over_quota"}
    return QuotaRejected.model_validate(DECISION | refused)


def released(version: int, reason: Literal["document_deleted", "object_removed"] = "object_removed") -> QuotaReleased:
    return QuotaReleased.model_validate(DECISION | {"version": version, "released_bytes": 5, "reason": reason})
