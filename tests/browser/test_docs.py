"""The pages under /docs: what they draw, whom they ask for it, and whom they keep out."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from deploy.local.docs_pages import CONTRACTS
from tests.browser.support.axe import violations
from tests.browser.support.visit import WAIT_MS, Visit

REDOC = ".redoc-wrap"
"""What Redoc draws is its makers' business; that it is drawn, and under our policy, is ours."""


def test_the_api_is_drawn_with_every_operation_and_asks_nobody_else(visit: Visit, axe: str) -> None:
    described = json.loads((CONTRACTS / "openapi.json").read_text("utf-8"))
    page = visit.page
    visit.open("/docs/")
    assert violations(page, axe) == []
    page.get_by_role("link", name="The HTTP API").click()
    expect(page.get_by_role("heading", name=described["info"]["title"])).to_be_visible(timeout=WAIT_MS)
    for path, operations in described["paths"].items():
        for operation in operations.values():
            drawn = page.locator(f"[id='operation/{operation['operationId']}']")
            expect(drawn, path).to_be_attached()
    visit.shot("23-docs-api", whole=False)
    assert violations(page, axe, REDOC) == []
    assert visit.origins - {f"blob:{visit.url}"} == {visit.url}  # its search runs in a worker of its own making


def test_the_events_are_a_page_for_everybody(visit: Visit, axe: str) -> None:
    described = json.loads((CONTRACTS / "asyncapi.json").read_text("utf-8"))
    page = visit.page
    visit.open("/docs/asyncapi.html")
    headings = page.get_by_role("heading", level=3).all_text_contents()
    for name in described["components"]["messages"]:
        assert any(name in heading for heading in headings), name
    visit.shot("23-docs-events", whole=False)
    for colours in ("light", "dark"):
        page.emulate_media(color_scheme=colours)
        assert violations(page, axe) == []
    assert visit.origins == {visit.url}
