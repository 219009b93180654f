from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.upload.document import Document
from services.upload.listing import Wanted, read_page
from services.upload.paging import START, BadCursorError, Cursor, from_text, to_text
from tests.unit.upload_facts import USER, pending


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_survives_its_text(created_at: datetime, document_id: UUID) -> None:
    cursor = Cursor(created_at, document_id)
    assert from_text(to_text(cursor)) == cursor


@given(st.text())
def test_any_text_is_a_cursor_or_a_bad_cursor(text: str) -> None:
    with suppress(BadCursorError):
        assert to_text(from_text(text)) == text


@pytest.mark.parametrize("text", ["", "x", "====", "f" * 32, "/" * 32, "ü" * 32, to_text(START) + "AAAA"])
def test_a_cursor_that_was_never_given_out_is_refused(text: str) -> None:
    with pytest.raises(BadCursorError):
        from_text(text)


class Shelf:
    """A list of documents that is asked for its first `limit`."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = documents

    async def list(self, wanted: Wanted) -> list[Document]:
        return self.documents[: wanted.limit]


@pytest.mark.parametrize(("there", "more"), [(0, False), (2, False), (3, True)])
async def test_a_page_knows_whether_another_follows(there: int, more: bool) -> None:  # noqa: FBT001
    start = pending().created_at
    shelf = Shelf([pending(id=uuid4(), created_at=start - timedelta(seconds=n)) for n in range(there)])
    page = await read_page(shelf, Wanted(USER, 2))
    assert list(page.documents) == shelf.documents[:2]
    last = shelf.documents[1] if more else None
    assert page.rest == (Cursor(last.created_at, last.id) if last else None)
