"""What a document is filed under, as the page tells it: by hand in spite of what comes in between, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import NewUser
from tests.browser.support.visit import WAIT_MS, Visit

Files = Callable[..., Path]


def add_topic(page: Page, name: str, description: str) -> None:
    page.get_by_role("link", name="Topics").click()
    page.get_by_role("button", name="Add a topic").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Description").fill(description)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def hold(page: Page, pattern: str) -> list[Route]:
    """The requests like this from now on, which wait until the test lets them go."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(pattern, keep)
    return held


def asked(page: Page, held: list[Route], number: int) -> list[Route]:
    """The requests that are held, once there are so many: a click returns before what it asks for is on its way."""
    until = time.monotonic() + WAIT_MS / 1000
    while len(held) < number and time.monotonic() < until:
        page.wait_for_timeout(20)
    return held


def test_a_click_on_a_topic_outlives_whatever_else_changes_the_document(
    visit: Visit, new_user: NewUser, files: Files
) -> None:
    _, token = new_user()
    visit.sign_in(token)
    page = visit.page
    add_topic(page, "Travel", "Tickets, hotels, bookings and itineraries")
    page.get_by_role("link", name="Documents").click()
    visit.upload(files("ticket.txt", "Your ticket from Berlin to Hamburg, and the hotel that goes with it."))
    visit.until_stage("ticket.txt", "done")
    document = visit.row("ticket.txt").get_attribute("data-id")
    visit.row("ticket.txt").get_by_role("link").click()
    classified = page.locator("[data-what=classified]")
    expect(classified).to_have_count(1, timeout=WAIT_MS)
    travel = page.get_by_role("checkbox", name="Travel")
    wished = not travel.is_checked()
    corrections = hold(page, "**/api/documents/*/topics")

    travel.set_checked(wished)
    headers = {"Authorization": f"Bearer {token}"}
    assert page.request.post(f"{visit.url}/api/documents/{document}/classify", headers=headers).status == 202
    expect(classified).to_have_count(2, timeout=WAIT_MS)
    expect(travel).to_be_checked(checked=wished)
    expect(page.locator(".filed")).to_have_count(1 if not wished else 0)

    asked(page, corrections, 1)[0].continue_()
    expect(page.locator(".filed")).to_have_count(1 if wished else 0, timeout=WAIT_MS)
    expect(travel).to_be_checked(checked=wished)

    travel.set_checked(not wished)
    asked(page, corrections, 2)[1].fulfill(status=422, json={"detail": "not today"})
    expect(page.get_by_text("That was not saved, so it is as it was. \u2068not today")).to_be_visible()
    expect(travel).to_be_checked(checked=wished)


def test_a_file_that_cannot_be_classified_is_not_called_filed(visit: Visit, new_user: NewUser, files: Files) -> None:
    visit.sign_in(new_user()[1])
    page = visit.page
    visit.choose(files("nothing in it.txt", ""))
    visit.until_stage("nothing in it.txt", "unfiled")
    row = visit.transfer("nothing in it.txt")
    expect(row.get_by_text("It is stored, but it could not be classified: \u2068The file is empty")).to_be_visible()
    expect(row.locator(".step-name")).to_have_text(["Sent", "Stored", "Not filed"])
    expect(row.locator(".step.past")).to_have_count(2)
    visit.shot("22-not-filed")
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Language", exact=True).select_option("Deutsch")
    page.get_by_role("link", name="Dokumente").click()
    expect(
        row.get_by_text("Es ist gespeichert, konnte aber nicht eingeordnet werden: \u2068Die Datei ist leer")
    ).to_be_visible()
    expect(row.locator(".step-name")).to_have_text(["Gesendet", "Gespeichert", "Nicht abgelegt"])
    visit.shot("22-not-filed-german")


def test_where_nothing_is_classified_a_file_is_stored_and_no_more(
    visit: Visit, new_user: NewUser, files: Files
) -> None:
    visit.sign_in(new_user()[1])
    page = visit.page
    page.get_by_role("link", name="Settings").click()
    page.get_by_text("Not at all").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Documents").click()
    visit.upload(files("unread.txt", "not to be read"))
    row = visit.transfer("unread.txt")
    expect(row.get_by_text("Stored. Classification is off, so it is not filed.")).to_be_visible()
    expect(row.locator(".step-name").last).to_have_text("Not filed")
    expect(row.locator(".step.past")).to_have_count(2)
    visit.shot("22-not-classified")
