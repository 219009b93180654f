"""A real Prometheus on a test's stack, with the real rules, in a hurry: what they wait for minutes, it does seconds."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from deploy.local.bootstrap import cache_folder
from deploy.local.info import StackInfo
from deploy.local.ports import reserve_block
from deploy.local.provision_prometheus import prometheus_at_hand
from deploy.observe.asking import Prometheus
from deploy.observe.prometheus import HOST, RULES, configuration, watching
from deploy.observe.store_metrics import store_metrics_of
from tests.stack.support.waiting import eventually

PROGRAMS = prometheus_at_hand(cache_folder())
where_it_is_built = pytest.mark.skipif(PROGRAMS is None, reason="no Prometheus is built here: `make alerts` does it")

HURRIED = (
    (re.compile(r"^(\s+(?:for|interval): )\S+$", re.MULTILINE), r"\g<1>1s"),
    (re.compile(r"> 60$", re.MULTILINE), "> 8"),
    (re.compile(r"\[(?:1m|2m|15m|1h)\]"), "[20s]"),
)
"""What is written otherwise: how long a symptom has to last, what counts as old, how much of the past is looked at."""


def hurried(rules: str) -> str:
    """The rules, of the same expressions and names, for a test that cannot wait."""
    for pattern, instead in HURRIED:
        rules = pattern.sub(instead, rules)
    return rules


@asynccontextmanager
async def watched(info: StackInfo, folder: Path) -> AsyncIterator[Prometheus]:
    """Prometheus, which has scraped once, until the end of the block."""
    assert PROGRAMS is not None
    rules = folder / "rules"
    rules.mkdir()
    for path in RULES.glob("*.yml"):
        (rules / path.name).write_text(hurried(path.read_text("utf-8")), "utf-8")
    port, _kept = reserve_block()
    config = configuration(info.service_urls, rules, scrape_seconds=1, store=store_metrics_of(info))
    with watching(PROGRAMS, folder, port, config):
        async with ClientSession() as session:
            prometheus = Prometheus(session, f"http://{HOST}:{port}")
            await eventually(prometheus.ready, becomes=True)
            yield prometheus


async def fires(prometheus: Prometheus, name: str) -> bool:
    """Whether the alert does by now."""
    return name in await prometheus.firing()
