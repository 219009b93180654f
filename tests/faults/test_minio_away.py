"""The object store restarted, killed and away under load."""

from __future__ import annotations

import asyncio

from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.running import under
from tests.faults.support.site import Site

AWAY_SECONDS = 3.0


async def test_the_store_restarted_and_killed_under_load_loses_no_byte(
    site: Site,
) -> None:
    load = Load(site.api, Plan(users=6, uploads=80, seed=3, pause=0.1))
    async with under(load):
        await load.has_put(20)
        async with site.processes.without("minio"):
            await asyncio.sleep(AWAY_SECONDS)  # the fault itself: it takes as long as it takes
        await load.has_put(20)
        await site.processes.kill("minio")
        await load.has_put(20)
    await assert_at_rest(site, load)
