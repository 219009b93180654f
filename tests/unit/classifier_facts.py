"""Facts about one document as the classifier hears them, and results of work on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from docuvault_contracts.events import (
    DocumentDeleted,
    FiledTopic,
    QuotaRejected,
    QuotaReleased,
    QuotaReserved,
    ReclassifyRequested,
)

from services.classifier.filing import Filed
from services.classifier.model import Claim, Known, Result, Standing, State

USER, DOCUMENT, TOPIC, OTHER = UUID(int=1), UUID(int=2), UUID(int=4), UUID(int=5)
KEY = f"{USER}/{DOCUMENT}/{UUID(int=3)}.pdf"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
UNKNOWN = Known(DOCUMENT, USER, KEY)
OWNER = {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY}
DECISION = {**OWNER, "used_bytes": 0, "limit_bytes": 9, "decided_at": NOW}
DELETED = DocumentDeleted(document_id=DOCUMENT, user_id=USER, object_key=KEY, deleted_at=NOW)


def reserved(version: int, etag: str = "e") -> QuotaReserved:
    return QuotaReserved.model_validate(DECISION | {"version": version, "size_bytes": 5, "etag": etag})


def rejected(version: int) -> QuotaRejected:
    refused = {"version": version, "rejected_bytes": 5, "etag": "e", "reason": "over_quota"}
    return QuotaRejected.model_validate(DECISION | refused)


def released(version: int, reason: Literal["document_deleted", "object_removed"] = "object_removed") -> QuotaReleased:
    return QuotaReleased.model_validate(DECISION | {"version": version, "released_bytes": 5, "reason": reason})


def wished(seconds: float = 0) -> ReclassifyRequested:
    """A wish to have it classified again, so long after NOW."""
    return ReclassifyRequested.model_validate(OWNER | {"requested_at": NOW + timedelta(seconds=seconds)})


def topic(topic_id: UUID = TOPIC) -> FiledTopic:
    return FiledTopic(topic_id=topic_id, name="Tax", score=0.5, reason="like its description")


FILED = Result(Filed((topic(),)), "application/pdf", "en")


def claimed(known: Known) -> Claim:
    """A claim of what is known at this moment."""
    etag = known.etag or ""
    return Claim(DOCUMENT, USER, KEY, known.version, known.round, etag, known.size_bytes, attempts=1)


def standing(known: Known, told_at: datetime | None = None, *topics: FiledTopic) -> Standing:
    """The document as it stands, at NOW."""
    return Standing(
        document_id=DOCUMENT,
        user_id=USER,
        object_key=KEY,
        state=known.state,
        version=known.version,
        round=known.round,
        waits=known.waits,
        corrected=known.corrected,
        topics=topics,
        told_at=told_at,
        traceparent=None,
        now=NOW,
    )


STORED = Known(DOCUMENT, USER, KEY, version=3, state=State.STORED, etag="e", size_bytes=5, round=1)
IN_LINE = Known(DOCUMENT, USER, KEY, version=3, state=State.STORED, etag="e", size_bytes=5, round=1, waits=True)
CORRECTED = Known(
    DOCUMENT, USER, KEY, version=3, state=State.STORED, etag="e", size_bytes=5, round=2, corrected=True, asked_at=NOW
)
GONE = Known(DOCUMENT, USER, KEY, version=3, state=State.GONE, round=2)
DEAD = Known(DOCUMENT, USER, KEY, version=3, state=State.DELETED, round=2)
