"""Three replicas of the ledger on the six partitions, beside one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from benchmarks.ledger import open_ledger
from benchmarks.model import Line, Pair, at_least
from benchmarks.site import Site

REPLICAS = 3


@asynccontextmanager
async def _beside_one(site: Site) -> AsyncIterator[Pair]:
    """The records become visible at once, when all replicas have their partitions."""
    async with open_ledger(site) as ledger:
        yield Pair(partial(ledger.work_when_joined, REPLICAS), partial(ledger.work_when_joined, 1))


LINE = Line(
    "decisions/s of three replicas, six partitions",
    "one replica",
    at_least(1.0),
    _beside_one,
)
