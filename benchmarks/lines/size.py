"""What a decision costs a large ledger, beside a small one on the same server."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import asyncpg

from benchmarks.filled import filled, kept_site
from benchmarks.ledger import SQL, USERS, open_ledger
from benchmarks.model import Line, Pair, Reading, at_most
from benchmarks.page_cache import recall
from benchmarks.site import Site
from deploy.local.console import say

SMALL = 1000


@asynccontextmanager
async def _beside_small(site: Site) -> AsyncIterator[Pair]:
    """Both on a stack of their own, which keeps the large one for the next run; the small one is made anew."""
    with tempfile.TemporaryDirectory(prefix="docuvault-bench-") as logs:
        async with kept_site(site.options, Path(logs)) as kept:
            large = await filled(kept, site.options.rows, say)
            await asyncio.to_thread(recall, kept)

            async def small() -> Reading:
                return await _cost(kept, await filled(kept, SMALL, say, fresh=True))

            yield Pair(partial(_cost, kept, large), small)


async def _cost(site: Site, url: str) -> Reading:
    """Microseconds a decision, of users that were not asked for just before, starting from a checkpoint."""
    async with open_ledger(site, 0, url) as opened:
        users = [row["user_id"] for row in await opened.pool.fetch(SQL["some_users"], USERS)]
        ledger = replace(opened, users=users)
        await ledger.pile_up()
        before = await _checkpoint(site)
        found = await ledger.work()
        written = await _checkpoint(site) - before
    wal = {"WAL bytes each": written / site.options.records}
    return Reading(1e6 / found.value, {"decisions/s": found.value, **found.where, **wal})


async def _checkpoint(site: Site) -> int:
    """Makes one; where the log is before it."""
    server = await asyncpg.connect(site.info.databases["postgres"])
    try:
        position = await server.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        await server.execute("CHECKPOINT")
        return int(position)
    finally:
        await server.close()


LINE = Line(
    "decision cost at 10^7 reservations",
    "at 10^3, on the same server",
    at_most(1.2),
    _beside_small,
    unit="us",
    seconds=1800.0,
)
