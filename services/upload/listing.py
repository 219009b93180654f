"""The document list, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from services.upload.document import Document
from services.upload.paging import NEWEST, Cursor, Listing
from services.upload.sorts import Place


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of which list, at most how many, after which place; None is the first page."""

    user_id: UUID
    limit: int
    listing: Listing = NEWEST
    after: Cursor | None = None

    @property
    def place(self) -> Cursor:
        """The place after which the page begins."""
        return self.after or self.listing.start


@dataclass(frozen=True, slots=True)
class Page:
    """Documents in the list's order, and the place after the last of them; None where nothing follows."""

    documents: Sequence[Document]
    rest: Cursor | None


Found = Sequence[tuple[Document, Place]]
"""Documents, each with what the order goes by."""


class Lister(Protocol):
    """Reads the list."""

    async def list(self, wanted: Wanted) -> Found:
        """At most `wanted.limit` live documents, in the list's order. Raises Transient."""
        ...


async def read_page(documents: Lister, wanted: Wanted) -> Page:
    """A page, found by asking for one document more than is shown. Raises Transient."""
    found = await documents.list(replace(wanted, limit=wanted.limit + 1))
    shown = found[: wanted.limit]
    rest = None
    if len(found) > wanted.limit:
        last, place = shown[-1]
        rest = Cursor(place, last.id)
    return Page([document for document, _ in shown], rest)
