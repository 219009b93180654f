"""What goes wrong, and what is seen of it: no room, no network, no service, no token, nobody's document."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Dialog, Request, expect

from deploy.local.stack import Stack
from tests.browser.conftest import NewUser, NewVisit
from tests.browser.support.visit import STORED, WAIT_MS, Visit
from tests.browser.support.way import Way

MB = 1024 * 1024


def test_a_refusal_says_by_how_much_it_does_not_fit(
    visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user(10 * MB)[1])
    visit.upload(files("fits.bin", 8 * MB + 200 * 1024))
    expect(visit.page.get_by_text("82% full: it is getting tight.")).to_be_visible(timeout=WAIT_MS)
    visit.shot("10-tight")
    visit.choose(files("too big.bin", 14 * MB))
    visit.until_stage("too big.bin", "refused")
    refusal = visit.transfer("too big.bin").get_by_text(
        "Needs 12.2 MB more than you have: it is 14 MB, and 1.8 MB are free."
    )
    expect(refusal).to_be_visible()
    visit.upload(files("last.bin", MB + 512 * 1024))
    expect(visit.page.get_by_text("97% full")).to_be_visible(timeout=WAIT_MS)
    visit.shot("11-refused-and-full")


def test_whoever_has_no_storage_is_told(visit: Visit, new_user: NewUser) -> None:
    visit.sign_in(new_user(0)[1])
    expect(visit.page.get_by_text("No storage has been assigned to you yet")).to_be_visible()


def test_of_two_tabs_that_race_for_the_last_bytes_one_wins(
    new_visit: NewVisit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    _, token = new_user(10 * MB)
    tabs = [new_visit(), new_visit()]
    for number, tab in enumerate(tabs):
        tab.sign_in(token)
        tab.choose(files(f"{number}.bin", 6 * MB))
    for number, tab in enumerate(tabs):
        tab.until_stage(f"{number}.bin", *STORED, "refused")
    expect(tabs[0].page.get_by_text("6 MB of 10 MB used")).to_be_visible(timeout=WAIT_MS)
    assert sum(tab.page.locator(".transfer.refused").count() for tab in tabs) == 1


def test_what_one_tab_does_the_other_sees(new_visit: NewVisit, new_user: NewUser, files: Callable[..., Path]) -> None:
    _, token = new_user()
    one, other = new_visit(), new_visit()
    one.sign_in(token)
    other.sign_in(token)
    expect(other.page.get_by_text("Live", exact=True)).to_be_visible()
    one.upload(files("seen.txt", "seen by both"))
    expect(other.row("seen.txt")).to_be_visible(timeout=WAIT_MS)
    expect(other.page.get_by_text("12 B of 100 MB used")).to_be_visible(timeout=WAIT_MS)
    one.page.get_by_role("button", name="Delete \u2068seen.txt\u2069").click()
    one.page.locator(".notice").get_by_role("button", name="Dismiss").click()
    expect(other.row("seen.txt")).to_have_count(0, timeout=WAIT_MS)
    expect(other.page.get_by_text("0 B of 100 MB used")).to_be_visible(timeout=WAIT_MS)


def test_an_upload_outlives_the_loss_of_its_network(
    visit: Visit, to_the_store: Way, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user()[1])
    with to_the_store.narrow(1024):
        visit.choose(files("slow.bin", 8 * MB))
        expect(visit.transfer("slow.bin").get_by_text("left")).to_be_visible(timeout=WAIT_MS)
        visit.shot("12-sending")
        with to_the_store.away():
            expect(visit.transfer("slow.bin").get_by_text("No connection")).to_be_visible(timeout=WAIT_MS)
            visit.shot("13-no-connection")
    visit.until_stage("slow.bin", *STORED)
    expect(visit.page.get_by_text("8 MB of 100 MB used")).to_be_visible(timeout=WAIT_MS)


def test_a_url_that_expired_meanwhile_is_asked_for_anew(
    visit: Visit, to_the_store: Way, new_user: NewUser, files: Callable[..., Path]
) -> None:
    """As for a laptop that slept: the URLs of this stack live for a minute."""
    visit.sign_in(new_user()[1])
    with to_the_store.away():
        visit.choose(files("overslept.txt", "good morning"))
        expect(visit.transfer("overslept.txt").get_by_text("No connection")).to_be_visible(timeout=WAIT_MS)
        visit.page.wait_for_timeout(61_000)  # the URL's life
    visit.until_stage("overslept.txt", *STORED)


def test_a_big_upload_goes_on_after_a_reload_where_it_stopped(
    visit: Visit, to_the_store: Way, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user(300 * MB)[1])
    page = visit.page
    page.on("dialog", lambda dialog: dialog.accept())  # "leave the page?"
    parts: list[str] = []
    page.on("request", lambda asked: parts.extend(re.findall(r"partNumber=(\d+)", asked.url) if is_put(asked) else ()))
    big = files("big.bin", 101 * MB)
    with to_the_store.narrow(8 * 1024):
        visit.choose(big)
        with page.expect_request(lambda asked: "partNumber=3" in asked.url, timeout=WAIT_MS):
            pass
        page.reload()
        expect(page.get_by_role("heading", name="Interrupted uploads")).to_be_visible()
        visit.shot("17-interrupted")
    sent = parts.copy()
    visit.choose(big)
    visit.until_stage("big.bin", *STORED)
    expect(page.get_by_text("101 MB of 300 MB used")).to_be_visible(timeout=WAIT_MS)
    assert sent == ["1", "2", "3"]
    assert not {"1", "2"} & set(parts[len(sent) :])


def is_put(asked: Request) -> bool:
    return asked.method == "PUT"


def test_an_upload_is_cancelled_in_mid_transfer(
    visit: Visit, to_the_store: Way, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user()[1])
    with to_the_store.narrow(1024):
        visit.choose(files("unwanted.bin", 8 * MB))
        visit.until_stage("unwanted.bin", "sending")
        visit.page.get_by_role("button", name="Cancel the upload of").click()
        expect(visit.transfer("unwanted.bin")).to_have_count(0)
    visit.page.reload()
    expect(visit.page.get_by_text("No documents yet")).to_be_visible()
    expect(visit.page.get_by_text("0 B of 100 MB used")).to_be_visible()


def test_somebody_who_is_offline_is_told_and_goes_on_afterwards(
    context: BrowserContext, visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user()[1])
    context.set_offline(True)
    expect(visit.page.get_by_text("You are offline")).to_be_visible()
    visit.shot("18-offline")
    context.set_offline(False)
    expect(visit.page.get_by_text("You are offline")).to_have_count(0)
    visit.upload(files("back.txt", "back"))


def test_files_chosen_before_the_network_is_back_are_sent_by_a_page_that_was_never_idle(
    context: BrowserContext, visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user()[1])
    context.set_offline(True)  # at once: whatever the page would fetch later it does not have
    visit.choose(files("early.txt", "early"))
    context.set_offline(False)
    visit.until_stage("early.txt", *STORED)


def test_the_page_outlives_the_restart_of_a_service(
    stack: Stack, visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    visit.sign_in(new_user()[1])
    expect(visit.page.get_by_text("Live", exact=True)).to_be_visible()
    os.kill(stack.status()["upload-1"].pid, signal.SIGKILL)
    expect(visit.page.get_by_text("Live", exact=True)).not_to_be_visible()
    visit.choose(files("patient.txt", "patience"))
    expect(visit.page.get_by_text("Live", exact=True)).to_be_visible(timeout=WAIT_MS)
    visit.until_stage("patient.txt", *STORED)


def test_a_foreign_document_is_no_document(new_visit: NewVisit, new_user: NewUser, files: Callable[..., Path]) -> None:
    owner, other = new_visit(), new_visit()
    owner.sign_in(new_user()[1])
    owner.upload(files("private.txt", "private"))
    document = owner.row("private.txt").get_attribute("data-id")
    other.sign_in(new_user()[1], f"/documents/{document}")
    expect(other.page.get_by_role("heading", name="There is no such document")).to_be_visible()
    other.shot("14-foreign")
    other.open("/documents/not-an-id")
    expect(other.page.get_by_role("heading", name="There is no such document")).to_be_visible()
    other.open("/no/such/view")
    expect(other.page.get_by_role("heading", name="Nothing here")).to_be_visible()


def test_a_token_that_is_none_is_refused_in_words(visit: Visit, new_user: NewUser) -> None:
    visit.open()
    page = visit.page
    token = page.get_by_label("Access token")
    token.fill("nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This is no access token")).to_be_visible()
    good = new_user()[1]
    token.fill(good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("The server does not take this token")).to_be_visible()
    visit.shot("15-refused-token")


def test_names_from_outside_are_text_and_nothing_else(
    visit: Visit, new_user: NewUser, files: Callable[..., Path]
) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    visit.sign_in(new_user()[1])
    page = visit.page
    alerts: list[str] = []

    def note(dialog: Dialog) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    page.get_by_role("link", name="Topics").click()
    page.get_by_role("button", name="Add a topic").click()
    page.get_by_label("Name", exact=True).fill(f"{hostile} {{name}}")
    page.get_by_label("Description").fill(f"<script>alert(2)</script>{hostile}")
    page.get_by_label("Keywords").fill("<b>bold</b>, needle")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=hostile)).to_be_visible()
    page.get_by_role("link", name="Documents").click()
    visit.upload(
        files(f"{hostile}.txt", "a needle <script>alert(3)</script>"), files("\u202egpj.exe.txt", "turned around")
    )
    visit.row(hostile).get_by_role("link").click()
    page.get_by_role("checkbox", name=hostile).check()
    expect(page.locator(".filed").get_by_text(hostile)).to_be_visible(timeout=WAIT_MS)
    visit.shot("16-hostile-names")
    assert page.locator("img, script:not([src]), b").count() == 0
    assert alerts == []
