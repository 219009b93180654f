"""A person at the page: what they do, and what they see."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.browser.support.browsers import CHOSEN

SHOTS: Final = Path(os.environ.get("SHOTS", "build/browser"))
WAIT_MS: Final = 30_000
"""How long a decision or a classification may take on a machine that does much else."""

SHOT_MS: Final = 4 * WAIT_MS
"""How long a picture may take where two cores draw a hundred rows for software that has no others."""

STORED: Final = ("filing", "done", "unfiled", "stored")
"""The stages of a file that is paid for, whatever becomes of it."""

NETWORK: Final = ("Failed to load resource", "net::ERR", "CORS request did not succeed")
"""Browsers log every answer above 399 and every connection that was lost; those are the server's business."""


@dataclass
class Visit:
    """One tab. `complaints` is what the browser had against the page, and must stay empty."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    origins: set[str] = field(default_factory=set)

    def watch(self) -> None:
        """Notes violations of the policy, errors of scripts, and whom the page calls."""
        self.page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => "
            "console.error('CSP', event.violatedDirective, event.blockedURI))"
        )
        self.page.on("pageerror", lambda error: self._complain(f"error: {error}"))
        self.page.on("console", self._said)
        self.page.on("request", lambda asked: self.origins.add("/".join(asked.url.split("/", 3)[:3])))

    def _said(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self._complain(said.text)

    def _complain(self, words: str) -> None:
        if not any(one in words for one in NETWORK):
            self.complaints.append(words)

    def open(self, path: str = "/") -> None:
        self.page.goto(f"{self.url}{path}")

    def sign_in(self, token: str, path: str = "/") -> None:
        self.open(path)
        self.page.get_by_label("Access token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def choose(self, *paths: Path) -> None:
        self.page.locator("[data-test=files]").set_input_files(paths)

    def transfer(self, name: str) -> Locator:
        return self.page.locator(".transfer", has_text=name)

    def row(self, name: str) -> Locator:
        return self.page.locator(".row", has_text=name)

    def until_stage(self, name: str, *stages: str) -> None:
        expect(
            self.page.locator(f".transfer:is({', '.join(f'.{one}' for one in stages)})", has_text=name)
        ).to_be_visible(timeout=WAIT_MS)

    def upload(self, *paths: Path) -> None:
        """Chooses files and waits until they are paid for."""
        self.choose(*paths)
        for path in paths:
            self.until_stage(path.name, *STORED)

    def shot(self, name: str, *, whole: bool = True) -> None:
        """Keeps what is seen, for somebody to look at; of a long page perhaps no more than fits into the window.

        Not in Firefox: there Playwright adds a style for it, which our policy refuses, and the test fails for that.
        """
        if CHOSEN == "firefox":
            return
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=whole, timeout=SHOT_MS)
