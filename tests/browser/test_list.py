"""A list of more documents than a page loads: the server searches and orders it, and the stream goes on telling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.conftest import NewUser
from tests.browser.support.browsers import not_in_firefox
from tests.browser.support.visit import WAIT_MS, Visit

OLDEST = ("aa scan 10.txt", "aa scan 9.txt", "Größe needle.txt")
OTHERS = 127
TYPED = (
    "(input, text) => { for (let end = 1; end <= text.length; end += 1) {"
    " input.value = text.slice(0, end); input.dispatchEvent(new InputEvent('input', { bubbles: true })); } }"
)
"""Faster than anybody types."""


class Lists:
    """What a tab asks for of lists: their queries, and those that it has broken off."""

    def __init__(self, visit: Visit) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.broken_off: list[dict[str, list[str]]] = []
        visit.page.on("request", lambda asked: self._note(asked, self.asked))
        visit.page.on("requestfailed", lambda asked: self._note(asked, self.broken_off))

    def _note(self, asked: Request, noted: list[dict[str, list[str]]]) -> None:
        address = urlsplit(asked.url)
        if address.path == "/api/documents" and asked.method == "GET":
            noted.append(parse_qs(address.query))

    def searches(self) -> list[str]:
        return [word for query in self.asked for word in query.get("search", [])]


@pytest.fixture
def many(visit: Visit, new_user: NewUser) -> Visit:
    """A tab of somebody with 130 documents without bytes; the three oldest have names of their own."""
    _, token = new_user()
    names = (*OLDEST, *(f"paper {number:03}.txt" for number in range(OTHERS)))
    headers = {"Authorization": f"Bearer {token}"}
    for some in (names[:3], names[3:100], names[100:]):
        body = {"files": [{"filename": name, "content_type": "text/plain"} for name in some]}
        assert visit.page.request.post(f"{visit.url}/api/documents/upload-urls", headers=headers, data=body).ok
    visit.sign_in(token)
    expect(visit.page.get_by_text("50 documents so far, there are more")).to_be_visible()
    return visit


def test_what_is_searched_for_is_found_however_far_back_it_is(many: Visit, files: Callable[..., Path]) -> None:
    page = many.page
    lists = Lists(many)
    search = page.get_by_label("Search names")
    search.evaluate(TYPED, "NEEDLE grosse")
    expect(page.locator(".row-name")).to_have_text([OLDEST[2]])
    expect(page.get_by_text("1 document", exact=True)).to_be_visible()
    assert lists.searches() == ["NEEDLE grosse"]
    many.shot("25-found")

    search.fill("needle")
    expect(page.locator(".row-name")).to_have_count(1)
    many.upload(files("another needle.txt", "found at once"), files("hay.txt", "not found"))
    expect(page.locator(".row-name")).to_have_text(["another needle.txt", OLDEST[2]], timeout=WAIT_MS)

    search.fill("no such thing")
    expect(page.get_by_text("Nothing fits your search")).to_be_visible()
    page.get_by_role("button", name="Show all documents").click()
    expect(page.get_by_text("there are more")).to_be_visible()
    expect(page.locator(".row-name").first).to_have_text("hay.txt")


def test_an_order_is_one_of_all_documents_and_goes_on_page_by_page(many: Visit) -> None:
    page = many.page
    page.get_by_label("Order", exact=True).select_option("By name")
    expect(page.locator(".row-name").first).to_have_text(OLDEST[0])
    many.shot("25-by-name", whole=False)
    seen: list[str] = []
    for number in range(1, 7):
        expect(page.locator(".pager").get_by_text(f"Page {number}")).to_be_visible()
        expect(page.locator(".rows")).to_have_attribute("aria-busy", "false")
        seen += page.locator(".row-name").all_text_contents()
        if number < 6:
            page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("130 documents", exact=True)).to_be_visible()
    assert seen == [*OLDEST[:2], OLDEST[2], *(f"paper {number:03}.txt" for number in range(OTHERS))]
    page.get_by_label("Order", exact=True).select_option("Oldest first")
    expect(page.locator(".row-name").first).to_have_text(OLDEST[0])


@not_in_firefox
def test_a_search_that_another_has_followed_is_broken_off(many: Visit) -> None:
    page = many.page
    lists = Lists(many)
    search = page.get_by_label("Search names")
    page.route("**/api/documents?*search=slow*", lambda _: None)  # never answered
    with page.expect_request("**/api/documents?*search=slow*"):
        search.fill("slow")
    expect(page.locator(".list .skeleton")).to_be_visible()
    search.fill("needle")
    expect(page.locator(".row-name")).to_have_text([OLDEST[2]])
    assert [query["search"] for query in lists.broken_off] == [["slow"]]
    page.unroute_all(behavior="ignoreErrors")


def test_a_document_beyond_the_first_page_stays_open_when_the_list_is_made_afresh(many: Visit) -> None:
    page = many.page
    page.get_by_label("Search names").fill("needle")
    expect(page.locator(".row-name")).to_have_text([OLDEST[2]])
    address = page.locator(".row-name").get_attribute("href")
    streams: list[Route] = []

    def hold(route: Route) -> None:
        streams.append(route)

    page.route("**/api/events", hold)
    with page.expect_response("**/api/documents?*"):
        many.open(str(address))
    heading = page.get_by_role("heading", name=OLDEST[2])
    expect(heading).to_be_visible()
    with page.expect_response("**/api/documents?*"):
        streams[-1].continue_()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    expect(page.locator(".detail .skeleton")).to_have_count(0)
    expect(heading).to_be_visible()


def test_the_search_keeps_the_focus_where_nothing_else_is_left(many: Visit) -> None:
    """Without the stream each list forgets all that is not on it."""
    page = many.page
    page.route("**/api/events", lambda asked: asked.abort())
    page.reload()
    expect(page.get_by_text("50 documents so far, there are more")).to_be_visible()
    search = page.get_by_label("Search names")
    search.fill("no such thing")
    expect(page.get_by_text("Nothing fits your search")).to_be_visible()
    search.fill("")
    expect(page.locator(".row-name")).to_have_count(25)
    expect(search).to_be_focused()
