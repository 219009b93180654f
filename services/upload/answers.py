"""What is known, as the bodies of the HTTP contract."""

from __future__ import annotations

from typing import assert_never, cast

from aiohttp import web
from docuvault_contracts import http as bodies

from services.chassis.web import error_response, json_response
from services.upload.decide import Answer, Confirmed, NotUploaded, Refused, Undecided, Unknown
from services.upload.document import Document
from services.upload.listing import Page
from services.upload.paging import to_text

RETRY_AFTER = {"Retry-After": "1"}
STILL_UNDECIDED = "The upload is there and not decided yet: confirm again"
WILL_BE_CLASSIFIED = "The document will be classified again"


def answer(outcome: Answer) -> web.Response:
    """The response of a confirm."""
    match outcome:
        case Confirmed(document_id, size_bytes, used_bytes):
            return json_response(bodies.ConfirmResponse(id=document_id, size_bytes=size_bytes, used_bytes=used_bytes))
        case Refused(used_bytes, limit_bytes, rejected_bytes):
            numbers = bodies.QuotaExceeded(
                used_bytes=used_bytes, limit_bytes=limit_bytes, rejected_bytes=rejected_bytes
            )
            return json_response(bodies.QuotaExceededBody(detail=numbers), 413)
        case Undecided(document_id):
            body = bodies.Accepted(id=document_id, status="pending", detail=STILL_UNDECIDED)
            return json_response(body, 202, RETRY_AFTER)
        case NotUploaded():
            return error_response(422, bodies.UPLOAD_NOT_FOUND)
        case Unknown():
            return error_response(404, bodies.DOCUMENT_NOT_FOUND)
    assert_never(outcome)


def accepted(document: Document) -> web.Response:
    """The response where a document is going to be classified."""
    body = bodies.Accepted(id=document.id, status=_public(document), detail=WILL_BE_CLASSIFIED)
    return json_response(body, 202)


def page(found: Page) -> bodies.DocumentPage:
    """A page of the list."""
    cursor = None if found.rest is None else to_text(found.rest)
    return bodies.DocumentPage(items=tuple(map(view, found.documents)), next_cursor=cursor)


def view(document: Document) -> bodies.Document:
    """A live document as its owner sees it."""
    return bodies.Document(
        id=document.id,
        filename=document.filename,
        content_type=document.content_type,
        size_bytes=document.size_bytes,
        status=_public(document),
        topics=tuple(bodies.DocumentTopic.model_validate(topic.model_dump()) for topic in document.topics),
        created_at=document.created_at,
        updated_at=document.updated_at,
        reason=document.remark,
    )


def _public(document: Document) -> bodies.DocumentStatus:
    """The status of a live document; tombstones are never shown."""
    return cast("bodies.DocumentStatus", document.status.value)
