"""A person who signs in by the provider, and what the page sends and keeps of it."""

from __future__ import annotations

import json
from typing import Any, Final

from playwright.sync_api import Page, expect

from tests.browser.support.visit import WAIT_MS, Visit

REDEMPTION: Final = "**/api/auth/oidc/token"
BUTTON: Final = "Sign in with 127.0.0.1:"


def go(visit: Visit, path: str = "/") -> Page:
    """To the provider's own page."""
    visit.open(path)
    visit.page.get_by_role("button", name=BUTTON).click()
    expect(visit.page.get_by_role("heading", name="Provider")).to_be_visible()
    return visit.page


def sign_in(visit: Visit, name: str, path: str = "/") -> None:
    """As somebody whom the provider does not know to be there."""
    page = go(visit, path)
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Continue").click()
    until_in(page)


def until_in(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=WAIT_MS)


def sign_out(page: Page) -> None:
    """Of the page and of the provider."""
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("button", name=BUTTON)).to_be_visible()


def kept(page: Page) -> Any:
    """What the tab keeps in its storage."""
    return page.evaluate("({ ...sessionStorage, ...localStorage })")


def fresh(visit: Visit) -> dict[str, str]:
    """What would redeem a new code, which the page could not send. The provider knows already who it is."""
    page = visit.page
    page.evaluate("sessionStorage.clear()")
    visit.open()
    page.route(REDEMPTION, lambda route: route.abort())
    with page.expect_event("requestfailed", lambda one: one.url.endswith("/oidc/token")) as held:
        page.get_by_role("button", name=BUTTON).click()
    page.unroute_all()
    return dict(json.loads(held.value.post_data or ""))


def redeem(page: Page, body: dict[str, str]) -> tuple[int, str]:
    """Status and detail of what a script of the page would be answered."""
    status, said = page.evaluate(
        "async (body) => { const answer = await fetch('/api/auth/oidc/token', { method: 'POST', body });"
        " return [answer.status, await answer.json()]; }",
        json.dumps(body),
    )
    return status, said["detail"]


def renewed(page: Page) -> None:
    """Waits until the page has another token."""
    with page.expect_response("**/oidc/renew", timeout=WAIT_MS) as answer:
        pass
    assert answer.value.status == 200
