"""The events of a stream, as the bytes that travel. Pure. Format: HTML's section 9.2, Server-sent events."""

from __future__ import annotations

from dataclasses import dataclass

from docuvault_contracts import http as bodies
from docuvault_contracts import http_live
from docuvault_contracts.http_live import StreamQuota, StreamRemoved

from services.upload.answers import view
from services.upload.decide import Refused, answer_by_row
from services.upload.document import Document, Reason, Status
from services.upload.live.window import Place

RETRY = b"retry: 1000\n\n"
"""Milliseconds after which a client that lost its stream comes again."""
_NAMES = {
    http_live.StreamHello: "hello",
    http_live.StreamReset: "reset",
    http_live.StreamExpired: "expired",
    http_live.StreamQuota: "quota",
    http_live.StreamRemoved: "removed",
    bodies.Document: "document",
}


@dataclass(frozen=True, slots=True)
class Quota:
    """An account, and the declared bytes that are on their way; all in bytes."""

    used_bytes: int
    limit_bytes: int
    in_flight_bytes: int


def name_of(body: bodies.Response) -> str:
    """The event's name, by its data."""
    return _NAMES[type(body)]


def event(body: bodies.Response, place: Place | None = None) -> bytes:
    """One event; with the place up to which its client has been told all, where that is so."""
    said = b"" if place is None else b"id: %b\n" % str(place).encode()
    return b"event: %b\n%bdata: %b\n\n" % (name_of(body).encode(), said, body.model_dump_json().encode())


def heartbeat(place: Place | None) -> bytes:
    """A comment; and an id alone, which clients remember though it is no event."""
    return b": still here\n\n" if place is None else b": still here\nid: %b\n\n" % str(place).encode()


def of_document(document: Document) -> bodies.Document | StreamRemoved:
    """What is told of a document as it is now."""
    if document.is_live:
        return view(document)
    return StreamRemoved(id=document.id, reason=_why(document), filename=document.filename, detail=_numbers(document))


def of_account(quota: Quota) -> StreamQuota:
    """What is told of an account as it is now."""
    return StreamQuota(
        used_bytes=quota.used_bytes, limit_bytes=quota.limit_bytes, in_flight_bytes=quota.in_flight_bytes
    )


def _why(document: Document) -> str:
    if document.status is Status.REJECTED:
        return "rejected"
    return "abandoned" if document.reason is Reason.ABANDONED else "deleted"


def _numbers(document: Document) -> bodies.QuotaExceeded | None:
    """As confirm's 413 has them."""
    refused = answer_by_row(document)
    if not isinstance(refused, Refused):
        return None
    return bodies.QuotaExceeded.of(refused.used_bytes, refused.limit_bytes, refused.rejected_bytes)
