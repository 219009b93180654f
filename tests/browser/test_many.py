"""Many files at once: they are signed together, refused early, and leave nothing behind when their tab is closed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Request, expect

from deploy.local.stack import Stack
from deploy.local.waiting import wait_until
from tests.browser.conftest import NewUser
from tests.browser.support.browsers import not_in_firefox
from tests.browser.support.visit import WAIT_MS, Visit
from tests.browser.support.way import Way

Files = Callable[..., Path]
KB = 1024
FEW = 10
"""Requests, where one a file would be more than a hundred."""


class Requests:
    """What a tab asks for: how many files each request to sign names, and the objects that are put."""

    def __init__(self, visit: Visit, store: str) -> None:
        self.signed: list[int] = []
        self.put: list[str] = []
        self._store = f"http://{store}/"
        visit.page.on("request", self._note)

    def _note(self, asked: Request) -> None:
        if asked.url.endswith("/api/documents/upload-urls"):
            self.signed.append(len(json.loads(asked.post_data or "{}")["files"]))
        elif asked.url.endswith("/api/documents/upload-url"):
            self.signed.append(1)
        elif asked.method == "PUT" and asked.url.startswith(self._store):
            self.put.append(asked.url.partition("?")[0])


def documents(visit: Visit, token: str) -> list[dict[str, Any]]:
    """All that the server has of the user."""
    found: list[dict[str, Any]] = []
    asked: dict[str, str | float | bool] = {"limit": 100}
    while True:
        answer = visit.page.request.get(
            f"{visit.url}/api/documents", headers={"Authorization": f"Bearer {token}"}, params=asked
        ).json()
        found += answer["items"]
        if answer["next_cursor"] is None:
            return found
        asked["cursor"] = answer["next_cursor"]


@not_in_firefox
def test_many_files_are_signed_a_hundred_at_a_time(stack: Stack, visit: Visit, new_user: NewUser, files: Files) -> None:
    _, token = new_user()
    visit.sign_in(token)
    asked = Requests(visit, stack.info.minio_public_endpoint)
    off = {"mode": "off", "threshold": 0.5, "most_topics": 3, "llm": None}  # reading them all is not what is looked at
    headers = {"Authorization": f"Bearer {token}"}
    assert visit.page.request.put(f"{visit.url}/api/auth/me/classification", headers=headers, data=off).ok
    names = [f"{number:03}.txt" for number in range(120)]
    visit.choose(*(files(name, f"this is {name}") for name in names))
    expect(visit.page.get_by_text("120 of 120 files stored")).to_be_visible(timeout=3 * WAIT_MS)
    visit.shot("24-many")
    assert {one["filename"] for one in documents(visit, token)} == set(names)
    assert asked.signed[0] == 100
    assert sum(asked.signed) >= 120
    assert len(asked.signed) < FEW
    assert len(set(asked.put)) == 120
    expect(visit.page.get_by_text("1.76 kB of 100 MB used")).to_be_visible(timeout=WAIT_MS)


@not_in_firefox
def test_what_does_not_fit_is_refused_before_any_of_it_is_sent(
    stack: Stack, visit: Visit, to_the_store: Way, new_user: NewUser, files: Files
) -> None:
    _, token = new_user(1000 * KB)
    visit.sign_in(token)
    asked = Requests(visit, stack.info.minio_public_endpoint)
    page = visit.page
    with to_the_store.narrow(50):
        visit.choose(*(files(f"{number:02}.bin", 100 * KB) for number in range(30)))
        expect(page.locator(".transfer.refused")).to_have_count(20, timeout=WAIT_MS)
        assert len(asked.put) < 10
        assert page.locator(".transfer.waiting").count() > 0
        visit.shot("24-refused-early")
    expect(page.get_by_text("10 of 30 files stored · 20 need you")).to_be_visible(timeout=WAIT_MS)
    refusal = "Needs 100 kB more than you have: it is 100 kB, and 0 B are free."
    expect(page.locator(".transfer.refused").first.get_by_text(refusal)).to_be_visible()
    assert len(documents(visit, token)) == len(set(asked.put)) == 10


def test_whoever_leaves_leaves_nothing_that_was_signed_ahead(
    visit: Visit, to_the_store: Way, new_user: NewUser, files: Files
) -> None:
    _, token = new_user()
    visit.sign_in(token)
    page = visit.page
    page.on("dialog", lambda dialog: dialog.accept())  # "leave the page?"
    with to_the_store.narrow(16):
        visit.choose(*(files(f"{number:02}.bin", 300 * KB) for number in range(40)))
        visit.until_stage("00.bin", "sending")
        assert len(documents(visit, token)) == 40
        page.reload()
        expect(page.get_by_role("heading", name="Documents")).to_be_visible()
        wait_until(lambda: len(documents(visit, token)) <= 4, 30, lambda: "documents that nobody sends are left")
    assert not re.search("deleted elsewhere", page.locator("main").inner_text())
