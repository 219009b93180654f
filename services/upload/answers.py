"""What is known, as the bodies of the HTTP contract."""

from __future__ import annotations

from typing import assert_never, cast

from aiohttp import web
from docuvault_contracts import http as bodies
from docuvault_contracts import http_uploads as bodies_of_many

from services.chassis.web import error_response, json_response
from services.upload.decide import Answer, Confirmed, NotUploaded, Refused, Undecided, Unknown
from services.upload.document import Document
from services.upload.listing import Page
from services.upload.paging import Listing, to_text
from services.upload.uploads import Outcome, Upload

RETRY_AFTER = {"Retry-After": "1"}
STILL_UNDECIDED = "The upload is there and not decided yet: confirm again"
WILL_BE_CLASSIFIED = "The document will be classified again"


def answer(outcome: Answer) -> web.Response:
    """The response of a confirm, and of what is refused before it."""
    match outcome:
        case Confirmed(document_id, size_bytes, used_bytes):
            return json_response(bodies.ConfirmResponse(id=document_id, size_bytes=size_bytes, used_bytes=used_bytes))
        case Refused(used_bytes, limit_bytes, rejected_bytes):
            numbers = bodies.QuotaExceeded.of(used_bytes, limit_bytes, rejected_bytes)
            return json_response(bodies.QuotaExceededBody(detail=numbers), 413)
        case Undecided(document_id):
            body = bodies.Accepted(id=document_id, status="pending", detail=STILL_UNDECIDED)
            return json_response(body, 202, RETRY_AFTER)
        case NotUploaded():
            return error_response(422, bodies.UPLOAD_NOT_FOUND)
        case Unknown():
            return error_response(404, bodies.DOCUMENT_NOT_FOUND)
    assert_never(outcome)


def upload_of_one(upload: Upload) -> bodies.UploadUrlResponse:
    """Where the bytes of one file go."""
    document = upload.document
    return bodies.UploadUrlResponse(
        upload_url=upload.url, document_id=document.id, expires_at=document.expires_at, headers=dict(upload.headers)
    )


def upload_of_many(outcome: Outcome) -> bodies_of_many.UploadUrlsResponse:
    """Where the bytes of each file go, or why not."""
    uploads = [
        bodies_of_many.UploadOfMany(index=place, **dict(upload_of_one(upload)))
        for place, upload in sorted(outcome.uploads.items())
    ]
    refused = [
        bodies_of_many.RefusedOfMany(
            index=place, detail=bodies.QuotaExceeded.of(said.used_bytes, said.limit_bytes, said.rejected_bytes)
        )
        for place, said in sorted(outcome.refused.items())
    ]
    return bodies_of_many.UploadUrlsResponse(uploads=tuple(uploads), refused=tuple(refused))


def accepted(document: Document) -> web.Response:
    """The response where a document is going to be classified."""
    body = bodies.Accepted(id=document.id, status=_public(document), detail=WILL_BE_CLASSIFIED)
    return json_response(body, 202)


def page(found: Page, listing: Listing) -> bodies.DocumentPage:
    """A page of the list."""
    cursor = None if found.rest is None else to_text(found.rest, listing)
    return bodies.DocumentPage(items=tuple(map(view, found.documents)), next_cursor=cursor)


def view(document: Document) -> bodies.Document:
    """A live document as its owner sees it."""
    return bodies.Document(
        id=document.id,
        filename=document.filename,
        content_type=document.content_type,
        size_bytes=document.size_bytes,
        declared_bytes=document.declared_bytes,
        status=_public(document),
        topics=tuple(bodies.DocumentTopic.model_validate(topic.model_dump()) for topic in document.topics),
        created_at=document.created_at,
        updated_at=document.updated_at,
        reason=document.remark,
    )


def _public(document: Document) -> bodies.DocumentStatus:
    """The status of a live document; tombstones are never shown."""
    return cast("bodies.DocumentStatus", document.status.value)
