"""What axe has against what is shown."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


def violations(page: Page, axe: str, but: str = "") -> list[str]:
    """One line each, of all but what is inside of the selector `but`; `axe` is its source."""
    page.evaluate(axe)
    context = {"include": [["html"]], **({"exclude": [[but]]} if but else {})}
    found: Any = page.evaluate("(context) => axe.run(context, { resultTypes: ['violations'] })", context)
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]
