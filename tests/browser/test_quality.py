"""What holds for every view: anybody can use it, on any screen, quickly, and it calls nobody else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.stack import Stack
from tests.browser.conftest import NewUser, NewVisit
from tests.browser.support.axe import violations
from tests.browser.support.browsers import not_in_firefox
from tests.browser.support.visit import WAIT_MS, Visit

FIRST_LOAD_BYTES = 150_000
INTERACTIVE_MS = 1_000
NOTICE_SHIFTS = (
    "new Promise((resolve) => { let sum = 0; new PerformanceObserver((list) => { for (const one of list.getEntries())"
    " if (!one.hadRecentInput) sum += one.value; }).observe({ type: 'layout-shift', buffered: true });"
    " requestAnimationFrame(() => setTimeout(() => resolve(sum), 300)); })"
)


@pytest.fixture
def lived_in(visit: Visit, new_user: NewUser, files: Callable[..., Path]) -> Visit:
    """A tab of somebody who has topics, documents of several kinds, and a refusal."""
    visit.sign_in(new_user(1_000_000)[1])
    page = visit.page
    page.get_by_role("link", name="Topics").click()
    page.get_by_role("button", name="Add a topic").click()
    page.get_by_label("Name", exact=True).fill("Invoices")
    page.get_by_label("Description").fill("Bills that have to be paid, with amounts and due dates")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Invoices")).to_be_visible()
    page.get_by_role("link", name="Documents").click()
    visit.upload(files("invoice.txt", "Invoice: total amount to be paid until the due date."), files("empty.pdf", ""))
    visit.choose(files("huge.bin", 2_000_000))
    visit.until_stage("huge.bin", "refused")
    visit.until_stage("invoice.txt", "done")
    return visit


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_axe_has_nothing_against_any_view(lived_in: Visit, axe: str, colours: Any) -> None:
    page = lived_in.page
    page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    ways: dict[str, Callable[[], object]] = {
        "documents": lambda: None,
        "detail": lambda: lived_in.row("invoice.txt").get_by_role("link").click(),
        "topics": lambda: page.get_by_role("link", name="Topics").click(),
        "topic": lambda: page.get_by_role("button", name="Edit").click(),
        "settings": lambda: page.get_by_role("link", name="Settings").click(),
        "model": lambda: page.get_by_text("By a language model of yours").click(),
        "missing": lambda: lived_in.open("/documents/none"),
        "door": lambda: page.get_by_role("button", name="Sign out").click(),
    }
    found = {}
    for view, opens in ways.items():
        opens()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        lived_in.shot(f"20-{view}-{colours}")
        found[view] = violations(page, axe)
    assert not {view: complaints for view, complaints in found.items() if complaints}


@pytest.mark.parametrize(("width", "height"), [(360, 740), (640, 430)])
def test_nothing_is_cut_off_on_a_phone_or_at_twice_the_size(lived_in: Visit, width: int, height: int) -> None:
    """A window of 1280 pixels at 200 % is one of 640."""
    page = lived_in.page
    page.set_viewport_size({"width": width, "height": height})
    for path in ("/", "/topics", "/settings"):
        page.get_by_role("link", name={"/": "Documents", "/topics": "Topics", "/settings": "Settings"}[path]).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        lived_in.shot(f"21-{path.strip('/') or 'documents'}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.get_by_role("link", name="Documents").click()
    lived_in.row("invoice.txt").get_by_role("link").click()
    expect(page.locator(".timeline")).to_be_visible()
    lived_in.shot(f"21-detail-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_alone_is_enough(visit: Visit, new_user: NewUser, files: Callable[..., Path]) -> None:
    page = visit.page
    page.on("filechooser", lambda _: None)  # from now on: told only when it is waited for, Chromium may miss the key
    visit.open()
    expect(page.get_by_label("Access token")).to_be_visible()
    tab_to(page, "Access token")
    page.keyboard.insert_text(new_user()[1])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Documents")).to_be_visible()
    tab_to(page, "Choose files")
    with page.expect_file_chooser() as asked:
        page.keyboard.press("Enter")
    asked.value.set_files(files("typed.txt", "typed"))
    visit.until_stage("typed.txt", "done")
    tab_to(page, "Search names")
    page.keyboard.insert_text("typed")
    tab_to(page, "typed.txt")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="typed.txt")).to_be_focused()
    tab_to(page, "Delete")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is deleted.")).to_be_visible()
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    expect(visit.row("typed.txt")).to_be_visible()
    tab_to(page, "Delete \u2068typed.txt")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Goes on with the tab key until what has the focus is called this, and shows that it has it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        found: Any = page.evaluate(
            "(() => { const one = document.activeElement;"
            " const name = one?.getAttribute('aria-label') || one?.labels?.[0]?.textContent || one?.textContent;"
            " return [name ?? '', one?.matches(':focus-visible')]; })()"
        )
        if name in found[0]:
            assert found[1], f"{name} does not show that it has the focus"
            return
    raise AssertionError(f"{name!r} is not reached by the tab key")


@not_in_firefox
def test_the_first_load_is_small_and_quick_and_shifts_nothing(new_visit: NewVisit, new_user: NewUser) -> None:
    visit = new_visit()
    _, token = new_user()
    visit.open()
    visit.page.evaluate("token => sessionStorage.setItem('docuvault.token', token)", token)
    visit.page.goto("about:blank")
    sizes: list[int] = []
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.on("Network.loadingFinished", lambda done: sizes.append(int(done["encodedDataLength"])))
    visit.open()
    expect(visit.page.get_by_text("No documents yet")).to_be_visible()
    ready = visit.page.evaluate("performance.now()")
    shifts = visit.page.evaluate(NOTICE_SHIFTS)
    visit.page.wait_for_load_state("load")
    print(f"first load: {sum(sizes)} bytes, shown after {ready:.0f} ms, shifts {shifts:.3f}")  # noqa: T201 - measured
    assert sum(sizes) <= FIRST_LOAD_BYTES
    assert ready < INTERACTIVE_MS
    assert shifts < 0.01


def test_the_page_calls_its_own_origin_and_the_store_and_nobody_else(
    stack: Stack, visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user()[1])
    visit.upload(files("called.txt", "called"))
    assert visit.origins == {visit.url, f"http://{stack.info.minio_public_endpoint}"}


def test_a_tab_that_is_closed_forgets_its_token(browser: Browser, new_visit: NewVisit, new_user: NewUser) -> None:
    one = new_visit()
    one.sign_in(new_user()[1])
    one.page.close()
    other = new_visit()
    other.open()
    expect(other.page.get_by_role("heading", name="Sign in to docuvault")).to_be_visible(timeout=WAIT_MS)
    assert other.page.evaluate("JSON.stringify(localStorage)") == "{}"
    assert browser.is_connected()
