"""Uploads in parts, the rules: how large a part is, how long a URL lives, and whether parts may still come. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TypeGuard

from docuvault_contracts.http_multipart import MAX_PARTS

from services.chassis.storage_parts import MIB
from services.upload.document import STORED, Document, Status

USUAL_PART_BYTES = 16 * MIB
"""Few enough requests, and little to send again where one fails. Enough for files of 156 GiB."""
UNKNOWN_PART_BYTES = 64 * MIB
"""Of a file of unknown size: enough for 625 GiB."""
BEGIN_SECONDS = 120
"""How long a URL that begins an upload lives: it is used at once, and each use makes an upload that has to go."""


class Closed(Enum):
    """Why no more is done about an upload in parts."""

    UNKNOWN = "unknown"
    """There is no such document, it is another user's, gone, or not in parts; or the upload is not its own."""
    COMPLETE = "complete"
    EXPIRED = "expired"
    LOST = "lost"
    """The store has no such upload, and no object either."""


def part_bytes(size_bytes: int | None) -> int:
    """A size of parts with which a file of that size has at most as many as S3 takes; a whole number of MiB."""
    if size_bytes is None:
        return UNKNOWN_PART_BYTES
    least = -(-size_bytes // MAX_PARTS)
    return max(USUAL_PART_BYTES, -(-least // MIB) * MIB)


def open_upload(document: Document | None, now: datetime, upload_id: str | None = None) -> Document | Closed:
    """The document where its parts may still come; `upload_id` is the client's word on which upload it means."""
    if not _is_meant(document, upload_id):
        return Closed.UNKNOWN
    if document.status in STORED:
        return Closed.COMPLETE
    return Closed.EXPIRED if now >= document.expires_at else document


def abortable(document: Document | None, upload_id: str | None = None) -> Document | Closed:
    """The document where its upload may be aborted: also one that expired."""
    if not _is_meant(document, upload_id):
        return Closed.UNKNOWN
    return document if document.status is Status.PENDING else Closed.COMPLETE


def _is_meant(document: Document | None, upload_id: str | None) -> TypeGuard[Document]:
    """Whether it is a live document in parts, and the upload that the client names is its own, or may be."""
    if document is None or not document.multipart or not document.is_live:
        return False
    return upload_id is None or document.upload_id in {None, upload_id}


def url_seconds(document: Document, now: datetime, most: int, wanted: int | None = None) -> int:
    """How long a URL about the document's upload lives: never beyond the upload, and at least a second."""
    left = int((document.expires_at - now).total_seconds())
    return max(1, min(most, left, wanted or most))
