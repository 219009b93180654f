"""A real Prometheus on a test's stack, with the real rules, in a hurry: what they wait for minutes, it does seconds."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession

from deploy.local.info import StackInfo
from deploy.local.ports import reserve_block
from deploy.observe.asking import Prometheus
from deploy.observe.prometheus import HOST, RULES, configuration, watching
from deploy.observe.store_metrics import store_metrics_of
from tests.stack.support.waiting import eventually

HURRIED = (
    (re.compile(r"^(\s+(?:for|interval): )\S+$", re.MULTILINE), r"\g<1>1s"),
    (re.compile(r"> 60$", re.MULTILINE), "> 8"),
    (re.compile(r"\[(?:2m|15m|1h)\]"), "[20s]"),
)
"""What is written otherwise: how long a symptom has to last, what counts as old, how much of the past is looked at."""


def hurried(rules: str) -> str:
    """The rules, of the same expressions and names, for a test that cannot wait."""
    for pattern, instead in HURRIED:
        rules = pattern.sub(instead, rules)
    return rules


@asynccontextmanager
async def watched(info: StackInfo, programs: Path, folder: Path) -> AsyncIterator[Prometheus]:
    """Prometheus, which has scraped once, until the end of the block."""
    rules = folder / "rules"
    rules.mkdir()
    for path in RULES.glob("*.yml"):
        (rules / path.name).write_text(hurried(path.read_text("utf-8")), "utf-8")
    port, _kept = reserve_block()
    config = configuration(info.service_urls, rules, scrape_seconds=1, store=store_metrics_of(info))
    with watching(programs, folder, port, config):
        async with ClientSession() as session:
            prometheus = Prometheus(session, f"http://{HOST}:{port}")
            await eventually(prometheus.ready, becomes=True)
            yield prometheus
