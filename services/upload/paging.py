"""Where a page of a list starts: after the last document of the page before, by its place in the order and id."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from uuid import UUID

from services.upload.sorts import ORDERS, Place, Sort

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = struct.Struct(">q")
_SHAPE = struct.Struct(">8s16s")
"""The list's mark, and the document; its place follows. Of the newest first, unfiltered, the place instead of the mark:
as it ever was, so that releases understand each other's."""


class BadCursorError(ValueError):
    """The text is no cursor that we gave out for this list."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of one document in a list; times count to the microsecond."""

    place: Place
    document_id: UUID


@dataclass(frozen=True, slots=True)
class Listing:
    """Which list is read: its order and what is in it. `topic` is a topic's id or name, `words` are of file names."""

    sort: Sort = Sort.NEWEST
    status: str | None = None
    topic: str | None = None
    words: tuple[str, ...] = ()

    @property
    def start(self) -> Cursor:
        """Before every document, so that the first page is asked for like any other and uses the same index."""
        order = ORDERS[self.sort]
        return Cursor(order.start, order.first_id)

    @property
    def mark(self) -> bytes:
        """What tells it from every other list; nothing for the one that all clients had before there were others."""
        if self == NEWEST:
            return b""
        said = repr((self.sort.value, self.status, self.topic, sorted(set(self.words))))
        return blake2b(said.encode(), digest_size=8).digest()


NEWEST = Listing()
"""The list of who asks for nothing else."""


def to_text(cursor: Cursor, listing: Listing) -> str:
    """The cursor as clients carry it: opaque, and safe in a URL."""
    place, raw = _packed(cursor.place), cursor.document_id.bytes
    mark = listing.mark
    return base64.urlsafe_b64encode(_SHAPE.pack(mark, raw) + place if mark else _SHAPE.pack(place, raw)).decode()


def from_text(text: str, listing: Listing) -> Cursor:
    """Reads what `to_text` wrote of the same list. Raises BadCursorError."""
    try:
        cursor = _read(base64.b64decode(text, altchars=b"-_", validate=True), listing)
        if to_text(cursor, listing) == text:
            return cursor
    except (binascii.Error, struct.error, OverflowError, ValueError):
        pass
    raise BadCursorError("the cursor is none that was given out for this sort, search and filter")


def _read(raw: bytes, listing: Listing) -> Cursor:
    mark = listing.mark
    head, document_id = _SHAPE.unpack_from(raw)
    if mark and head != mark:
        raise BadCursorError("of another list")
    return Cursor(_unpacked(raw[_SHAPE.size :] if mark else head, listing.sort), UUID(bytes=document_id))


def _packed(place: Place) -> bytes:
    if isinstance(place, str):
        return place.encode()
    return _NUMBER.pack(place if isinstance(place, int) else (place - _EPOCH) // timedelta(microseconds=1))


def _unpacked(raw: bytes, sort: Sort) -> Place:
    if sort is Sort.NAME:
        if b"\0" in raw:
            raise BadCursorError("no name of PostgreSQL's")
        return raw.decode()
    (number,) = _NUMBER.unpack(raw)
    return number if sort is Sort.LARGEST else _EPOCH + timedelta(microseconds=number)
