"""One example of each event and body, as their models say it; shown in the descriptions, checked by their schemas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from docuvault_contracts import events, http, http_live, http_topics, http_uploads
from docuvault_contracts.deadletters import JournalEntry
from docuvault_contracts.events import Event

from generator import examples_multipart, examples_sign_in

USER = UUID("0f0e0d0c-0b0a-4908-8706-050403020100")
DOCUMENT = UUID("11111111-2222-4333-8444-555555555555")
TOPIC = UUID("99999999-8888-4777-8666-555555555555")
KEY = f"{USER}/{DOCUMENT}/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee.pdf"
ETAG = "5d41402abc4b2a76b9719d911017c592"
SIZE = 1_048_576
LIMIT = http.DEFAULT_LIMIT_BYTES
THEN = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
THEN_NS = int(THEN.timestamp()) * 10**9
NAME = "report.pdf"
MEDIA_TYPE = "application/pdf"

_URL = f"http://localhost:9000/documents/{KEY}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature=…"

_FILE = {"filename": NAME, "content_type": MEDIA_TYPE, "size_bytes": SIZE, "bound": True}
_UPLOAD = {
    "upload_url": _URL,
    "document_id": DOCUMENT,
    "expires_at": THEN + timedelta(minutes=15),
    "headers": {"If-None-Match": "*"},
}


def all_events() -> tuple[Event, ...]:
    """One of each type, in the order of `events.ALL`."""
    return (*_documents(), *_quota(), *_classification(), *_janitor(), _registered(), *_changes())


def all_bodies() -> tuple[http.Request | http.Response, ...]:
    """One of each body, in the order of `schemas.BODIES`."""
    return (
        http.UploadUrlRequest.model_validate(_FILE),
        http.UploadUrlResponse.model_validate(_UPLOAD),
        http.ConfirmResponse(id=DOCUMENT, size_bytes=SIZE, used_bytes=2 * SIZE),
        http.Accepted(id=DOCUMENT, status="pending"),
        http.QuotaExceededBody(detail=_exceeded()),
        http.ErrorBody(detail=http.DOCUMENT_NOT_FOUND),
        _invalid(),
        _document(),
        http.DocumentPage(items=(_document(),), next_cursor="MjAyNi0wMS0xNVQwOTozMDowMFo"),
        http.Quota(used_bytes=2 * SIZE, limit_bytes=LIMIT),
        http.LimitRequest(limit_bytes=LIMIT),
        http.AccountQuota(user_id=USER, used_bytes=2 * SIZE, limit_bytes=LIMIT),
        *_topics(),
        *_uploads(),
        *_live(),
        *examples_multipart.all_bodies(DOCUMENT, KEY, ETAG, THEN),
        *examples_sign_in.all_bodies(),
    )


def journal_entry() -> JournalEntry:
    """What an operator did about a dead letter."""
    return JournalEntry(
        group="quota",
        partition=0,
        offset=12,
        written_ms=THEN_NS // 10**6,
        action="replayed",
        by="ada",
        at=THEN + timedelta(hours=2),
        replayed_to="storage.events/3/4711",
    )


def _documents() -> tuple[Event, ...]:
    about = {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY}
    return (
        events.UploadRequested.model_validate(
            about | {"content_type": MEDIA_TYPE, "requested_at": THEN, "expires_at": THEN + timedelta(minutes=15)},
        ),
        events.UploadObserved.model_validate(about | {"etag": ETAG, "size_bytes": SIZE, "observed_ns": THEN_NS}),
        events.DocumentDeleted.model_validate(about | {"deleted_at": THEN}),
        events.ReclassifyRequested.model_validate(about | {"requested_at": THEN}),
        events.TopicsCorrected.model_validate(about | {"topic_ids": (TOPIC,), "corrected_at": THEN}),
    )


def _quota() -> tuple[Event, ...]:
    about = {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY}
    account = {"limit_bytes": LIMIT, "decided_at": THEN}
    full = {"version": 1, "used_bytes": LIMIT - 1, "rejected_bytes": SIZE, "etag": ETAG, "reason": "over_quota"}
    free = {"version": 2, "used_bytes": SIZE, "released_bytes": SIZE, "reason": "document_deleted"}
    return (
        events.QuotaReserved.model_validate(
            about | account | {"version": 1, "used_bytes": 2 * SIZE, "size_bytes": SIZE, "etag": ETAG},
        ),
        events.QuotaRejected.model_validate(about | account | full),
        events.QuotaReleased.model_validate(about | account | free),
        events.LimitChanged(user_id=USER, limit_bytes=LIMIT, used_bytes=SIZE, changed_at=THEN),
    )


def _classification() -> tuple[Event, ...]:
    about = {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY, "version": 1}
    filed = {"topic_id": TOPIC, "name": "Invoices", "score": 0.83, "reason": "an amount, a due date"}
    return (
        events.Classified.model_validate(about | {"topics": (filed,), "classified_at": THEN}),
        events.ClassificationFailed.model_validate(about | {"reason": "the file is encrypted", "failed_at": THEN}),
    )


def _janitor() -> tuple[Event, ...]:
    about = {"document_id": DOCUMENT, "user_id": USER, "object_key": KEY}
    return (
        events.ObjectRemoved.model_validate(about | {"cause": "quota.rejected", "removed_at": THEN}),
        events.ObjectObserved.model_validate(about | {"etag": ETAG, "size_bytes": SIZE, "observed_ns": THEN_NS}),
        events.ObjectMissing.model_validate(about | {"observed_ns": THEN_NS}),
        events.UploadAbandoned.model_validate(about | {"abandoned_at": THEN}),
    )


def _registered() -> Event:
    return events.UserRegistered(user_id=USER, limit_bytes=LIMIT, registered_at=THEN)


def _changes() -> tuple[Event, ...]:
    return (events.DocumentChanged(user_id=USER, document_id=DOCUMENT), events.AccountChanged(user_id=USER))


def _live() -> tuple[http.Request | http.Response, ...]:
    numbers = {"used_bytes": 2 * SIZE, "limit_bytes": LIMIT}
    return (
        http_live.DocumentTimeline(
            id=DOCUMENT,
            status="uploaded",
            steps=(
                http_live.TimelineStep(at=THEN, what="signed", source="upload"),
                http_live.TimelineStep(
                    at=THEN + timedelta(seconds=1), what="arrived", source="store", detail={"size_bytes": SIZE}
                ),
                http_live.TimelineStep(
                    at=THEN + timedelta(seconds=2),
                    what="reserved",
                    source="quota",
                    detail={"size_bytes": SIZE, **numbers},
                ),
            ),
            waits_for=http_live.Waiting(
                what="classification", since=THEN + timedelta(seconds=2), for_a_person="The document is in line"
            ),
        ),
        http_live.StreamHello(heartbeat_seconds=15, token_expires_at=THEN + timedelta(minutes=30)),
        http_live.StreamRemoved(id=DOCUMENT, reason="deleted", filename=NAME),
        http_live.StreamQuota(in_flight_bytes=SIZE, **numbers),
        http_live.StreamReset(reason="The changes since that id are not kept any more"),
        http_live.StreamExpired(token_expires_at=THEN + timedelta(minutes=30)),
    )


def _topics() -> tuple[http.Request | http.Response, ...]:
    named = {"name": "Invoices", "description": "Bills with an amount and a due date", "keywords": ("invoice", "due")}
    topic = http_topics.Topic.model_validate(
        named | {"id": TOPIC, "examples": 3, "created_at": THEN, "updated_at": THEN}
    )
    suggested = {"name": "Invoice, amount", "keywords": ("invoice", "amount", "due"), "documents": 12}
    mode = {"mode": "llm", "threshold": 0.5, "most_topics": 3}
    llm = {"url": "https://llm.example.com/v1", "model": "small-1", "fall_back": True}
    return (
        http_topics.TopicRequest.model_validate(named),
        http_topics.TopicPatch(description="Bills that are to be paid"),
        topic,
        http_topics.TopicList(items=(topic,)),
        http_topics.TopicSuggestions.model_validate({"items": (suggested | {"document_ids": (DOCUMENT,)},)}),
        http_topics.ClassificationRequest.model_validate(mode | {"llm": llm | {"key": "the-key-itself"}}),
        http_topics.Classification.model_validate(mode | {"llm": llm | {"has_key": True}}),
        http_topics.DocumentTopicsRequest(topic_ids=(TOPIC,)),
        http_topics.DocumentTopics(id=DOCUMENT, topics=(_filed(1.0, "You filed it here"),)),
    )


def _uploads() -> tuple[http.Request | http.Response, ...]:
    return (
        http_uploads.UploadUrlsRequest.model_validate({"files": (_FILE, _FILE)}),
        http_uploads.UploadUrlsResponse.model_validate(
            {"uploads": (_UPLOAD | {"index": 0},), "refused": ({"index": 1, "detail": _exceeded()},)}
        ),
        http_uploads.DownloadUrl(url=_URL, expires_at=THEN + timedelta(minutes=1)),
    )


def _exceeded() -> http.QuotaExceeded:
    return http.QuotaExceeded.of(LIMIT - 1, LIMIT, SIZE)


def _filed(score: float, reason: str) -> http.DocumentTopic:
    return http.DocumentTopic(topic_id=TOPIC, name="Invoices", score=score, reason=reason)


def _invalid() -> http.ValidationBody:
    missing = http.ValidationDetail(loc=("body", "content_type"), msg="Field required", type="missing")
    return http.ValidationBody(detail=(missing,))


def _document() -> http.Document:
    return http.Document(
        id=DOCUMENT,
        filename=NAME,
        content_type=MEDIA_TYPE,
        size_bytes=SIZE,
        declared_bytes=SIZE,
        status="classified",
        topics=(_filed(0.83, "an amount, a due date"),),
        created_at=THEN,
        updated_at=THEN + timedelta(seconds=2),
    )
