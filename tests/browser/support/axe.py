"""What axe has against what is shown."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


def violations(page: Page, axe: str) -> list[str]:
    """One line each; `axe` is its source."""
    page.evaluate(axe)
    found: Any = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]
