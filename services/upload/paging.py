"""Where a page of the document list starts: after the last document of the page before, by time and id."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHAPE = struct.Struct(">q16s")


class BadCursorError(ValueError):
    """The text is no cursor that we gave out."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of one document in the list, newest first; `created_at` counts to the microsecond."""

    created_at: datetime
    document_id: UUID


START = Cursor(datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
"""Before every document, so that the first page is asked for like any other and uses the same index."""


def to_text(cursor: Cursor) -> str:
    """The cursor as clients carry it: opaque, and safe in a URL."""
    micros = (cursor.created_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(_SHAPE.pack(micros, cursor.document_id.bytes)).decode()


def from_text(text: str) -> Cursor:
    """Reads what `to_text` wrote. Raises BadCursorError."""
    try:
        micros, raw = _SHAPE.unpack(base64.b64decode(text, altchars=b"-_", validate=True))
        cursor = Cursor(_EPOCH + timedelta(microseconds=micros), UUID(bytes=raw))
    except (binascii.Error, struct.error, OverflowError, ValueError) as error:
        raise BadCursorError("the cursor is none that was given out") from error
    if to_text(cursor) != text:
        raise BadCursorError("the cursor is none that was given out")
    return cursor
