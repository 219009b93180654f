"""The whole way: from the door to a document that is filed, corrected, fetched and deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import NewUser
from tests.browser.support.browsers import not_in_firefox
from tests.browser.support.visit import STORED, WAIT_MS, Visit

INVOICE = (
    "Invoice 4711. Please pay the total amount of 1,190.00 EUR until the due date, 14 days after receipt. "
    "Bank transfer to the account below. Net amount, VAT 19 %, total. Thank you for your order."
)


def test_somebody_uploads_finds_corrects_fetches_and_deletes_documents(
    visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    _, token = new_user()
    page = visit.page
    visit.open()
    visit.shot("01-sign-in")
    visit.sign_in(token)
    expect(page.get_by_text("No documents yet")).to_be_visible()
    expect(page.get_by_text("0 B of 100 MB used")).to_be_visible()
    visit.shot("02-empty")

    page.get_by_role("link", name="Topics").click()
    for name, description in (
        ("Invoices", "Bills that have to be paid, with amounts and due dates"),
        ("Travel", "Tickets, hotels, bookings and itineraries"),
    ):
        page.get_by_role("button", name="Add a topic").click()
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Description").fill(description)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name=name)).to_be_visible()
    visit.shot("03-topics")

    page.get_by_role("link", name="Documents").click()
    visit.upload(files("invoice-4711.txt", INVOICE), files("nothing in it.txt", ""))
    visit.until_stage("invoice-4711.txt", "done")
    visit.shot("04-uploaded")
    row = visit.row("invoice-4711.txt")
    expect(row.get_by_text("Invoices")).to_be_visible(timeout=WAIT_MS)
    expect(visit.row("nothing in it.txt").get_by_text("The file is empty")).to_be_visible(timeout=WAIT_MS)

    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="invoice-4711.txt")).to_be_focused()
    expect(page.locator(".filed").get_by_text("sure")).to_be_visible()
    expect(page.get_by_text("The bytes arrived")).to_be_visible()
    visit.shot("05-detail")
    page.get_by_role("checkbox", name="Travel").check()
    expect(page.locator(".filed").get_by_text("Travel")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("the next one like it will follow")).to_be_visible()
    visit.shot("06-corrected")

    with page.expect_download() as fetched:
        page.get_by_role("button", name="Download").click()
    assert fetched.value.suggested_filename == "invoice-4711.txt"
    assert Path(fetched.value.path()).read_text() == INVOICE

    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("invoice-4711.txt\u2069 is deleted")).to_be_visible()
    visit.shot("07-undo")
    page.get_by_role("button", name="Undo").click()
    expect(visit.row("invoice-4711.txt")).to_be_visible()
    page.get_by_role("button", name="Delete \u2068invoice-4711.txt\u2069").click()
    page.locator(".notice").get_by_role("button", name="Dismiss").click()
    expect(visit.row("invoice-4711.txt")).to_have_count(0)
    expect(page.get_by_text("0 B of 100 MB used")).to_be_visible(timeout=WAIT_MS)


@not_in_firefox
def test_a_folder_is_uploaded_with_all_that_is_in_it(
    visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user()[1])
    inner = files("papers/2026/inner.txt", "inside")
    files("papers/outer.txt", "outside")
    visit.page.locator("[data-test=folder]").set_input_files(inner.parents[1])
    for name in ("inner.txt", "outer.txt"):
        visit.until_stage(name, *STORED)
    expect(visit.transfer("inner.txt").get_by_text("papers/2026")).to_be_visible()


def test_documents_are_searched_filtered_and_ordered(
    visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user()[1])
    page = visit.page
    visit.upload(
        *(files(f"{name}.txt", "x" * size) for name, size in (("scan 10", 5), ("scan 9", 900), ("Résumé", 70)))
    )
    names = page.locator(".row-name")
    page.get_by_label("Order", exact=True).select_option("By name")
    expect(names).to_have_text(["Résumé.txt", "scan 9.txt", "scan 10.txt"])
    page.get_by_label("Order", exact=True).select_option("Largest first")
    expect(names).to_have_text(["scan 9.txt", "Résumé.txt", "scan 10.txt"])
    page.get_by_label("Search names").fill("RESUME")
    expect(names).to_have_text(["Résumé.txt"])
    page.get_by_label("Search names").fill("no such thing")
    expect(page.get_by_text("Nothing fits your search")).to_be_visible()
    visit.shot("08-no-match")
    page.get_by_role("button", name="Show all documents").click()
    expect(names).to_have_count(3)
    page.get_by_label("Status", exact=True).select_option("On its way")
    expect(page.get_by_text("Nothing fits your search")).to_be_visible()


def test_the_page_speaks_german(visit: Visit, new_user: NewUser) -> None:
    visit.open()
    visit.page.get_by_role("button", name="Deutsch").click()
    visit.page.get_by_label("Zugangstoken").fill(new_user()[1])
    visit.page.get_by_role("button", name="Anmelden").click()
    expect(visit.page.get_by_text("Noch keine Dokumente")).to_be_visible()
    expect(visit.page.locator("html")).to_have_attribute("lang", "de")
    visit.page.reload()
    expect(visit.page.get_by_role("heading", name="Dokumente")).to_be_visible()
    visit.shot("09-german")
