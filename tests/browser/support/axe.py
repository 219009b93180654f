"""axe-core, which looks for what keeps people out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from playwright.sync_api import Page

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps
from deploy.local.provision_node import provision_node
from deploy.local.provision_web import provision_modules


@dataclass(frozen=True)
class Axe:
    """Its source."""

    source: str

    def against(self, page: Page, but: str = "") -> list[str]:
        """What it has against what is shown, one line each; not against what is inside of `but`, a selector."""
        page.evaluate(self.source)
        context = {"exclude": [[but]]} if but else {}
        found: Any = page.evaluate(
            "(but) => axe.run({ include: [['html']], ...but }, { resultTypes: ['violations'] })", context
        )
        return [
            f"{one['id']} ({one['impact']}): {node['html'][:160]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


def provision_axe() -> Axe:
    """Out of the page's own packages."""
    cache = cache_folder()
    with Steps() as steps:
        modules = provision_modules(cache, provision_node(cache, partial(ensure_uv, cache), steps), steps)
    return Axe((modules / "node_modules" / "axe-core" / "axe.min.js").read_text())
