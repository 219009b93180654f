"""The document list, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from services.upload.document import Document
from services.upload.paging import START, Cursor


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents, at most how many, after which place; `topic` is a topic's id or its name."""

    user_id: UUID
    limit: int
    after: Cursor = START
    status: str | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Documents, newest first, and the place after the last of them; None where nothing follows."""

    documents: Sequence[Document]
    rest: Cursor | None


class Lister(Protocol):
    """Reads the list."""

    async def list(self, wanted: Wanted) -> Sequence[Document]:
        """At most `wanted.limit` live documents, newest first. Raises Transient."""
        ...


async def read_page(documents: Lister, wanted: Wanted) -> Page:
    """A page, found by asking for one document more than is shown. Raises Transient."""
    found = await documents.list(replace(wanted, limit=wanted.limit + 1))
    shown = found[: wanted.limit]
    more = len(found) > wanted.limit
    return Page(shown, Cursor(shown[-1].created_at, shown[-1].id) if more else None)
