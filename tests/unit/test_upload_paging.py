from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.upload.document import Document
from services.upload.listing import Found, Wanted, read_page
from services.upload.paging import NEWEST, BadCursorError, Cursor, Listing, from_text, to_text
from services.upload.sorts import Place, Sort
from tests.unit.upload_facts import USER, pending

TIMES = st.datetimes(timezones=st.just(UTC))
PLACES: dict[Sort, st.SearchStrategy[Place]] = {
    Sort.NEWEST: TIMES,
    Sort.OLDEST: TIMES,
    Sort.NAME: st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=255),
    Sort.LARGEST: st.integers(0, 2**63 - 1),
}
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["pending", "classified"]),
        "topic": st.text(min_size=1),
        "words": st.lists(st.text(min_size=1)).map(tuple),
    },
)
LISTINGS = st.builds(lambda sort, filters: Listing(sort, **filters), st.sampled_from(Sort), FILTERS)
LISTS = (*map(Listing, Sort), Listing(status="pending"), Listing(topic="pending"), Listing(words=("a",)))


@given(st.data(), LISTINGS, st.uuids())
def test_a_cursor_survives_its_text(data: st.DataObject, listing: Listing, document_id: UUID) -> None:
    cursor = Cursor(data.draw(PLACES[listing.sort]), document_id)
    assert from_text(to_text(cursor, listing), listing) == cursor


@given(st.text() | st.binary().map(bytes.hex), LISTINGS)
def test_any_text_is_a_cursor_or_a_bad_cursor(text: str, listing: Listing) -> None:
    with suppress(BadCursorError):
        assert to_text(from_text(text, listing), listing) == text


@pytest.mark.parametrize(
    "text", ["", "x", "====", "f" * 32, "/" * 32, "ü" * 32, to_text(NEWEST.start, NEWEST) + "AAAA"]
)
@pytest.mark.parametrize("listing", LISTS, ids=str)
def test_a_cursor_that_was_never_given_out_is_refused(text: str, listing: Listing) -> None:
    with pytest.raises(BadCursorError):
        from_text(text, listing)


@pytest.mark.parametrize(("one", "other"), list(permutations(LISTS, 2)), ids=str)
def test_a_cursor_of_one_list_is_none_of_another(one: Listing, other: Listing) -> None:
    with pytest.raises(BadCursorError):
        from_text(to_text(one.start, one), other)


def test_the_order_of_words_and_saying_one_twice_make_no_other_list() -> None:
    one, other = Listing(words=("b", "a")), Listing(words=("a", "b", "a"))
    assert from_text(to_text(one.start, one), other) == one.start


def test_a_cursor_of_the_plain_list_is_as_releases_of_before_made_and_read_it() -> None:
    cursor = Cursor(datetime(2026, 1, 15, 9, 30, tzinfo=UTC), UUID(int=7))
    assert to_text(cursor, NEWEST) == "AAZIad5iFgAAAAAAAAAAAAAAAAAAAAAH"


def test_a_name_that_no_database_holds_is_no_place() -> None:
    by_name = Listing(Sort.NAME)
    with pytest.raises(BadCursorError):
        from_text(to_text(Cursor("a\0b", UUID(int=1)), by_name), by_name)


class Shelf:
    """A list of documents that is asked for its first `limit`."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents

    async def list(self, wanted: Wanted) -> Found:
        return [(document, document.created_at) for document in self.documents[: wanted.limit]]


@pytest.mark.parametrize(("there", "more"), [(0, False), (2, False), (3, True)])
async def test_a_page_knows_whether_another_follows(there: int, more: bool) -> None:  # noqa: FBT001
    start = pending().created_at
    shelf = Shelf([pending(id=uuid4(), created_at=start - timedelta(seconds=n)) for n in range(there)])
    page = await read_page(shelf, Wanted(USER, 2))
    assert list(page.documents) == shelf.documents[:2]
    last = shelf.documents[1] if more else None
    assert page.rest == (Cursor(last.created_at, last.id) if last else None)
