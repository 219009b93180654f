"""PostgreSQL restarted, killed and away under load."""

from __future__ import annotations

import asyncio

from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.running import under
from tests.faults.support.site import Site

AWAY_SECONDS = 10.0


async def test_the_database_restarted_and_killed_and_away_under_load_costs_patience_only(
    site: Site,
) -> None:
    load = Load(site.api, Plan(users=6, uploads=200, seed=2, pause=0.1))
    pids = await site.processes.pids()
    async with under(load):
        await load.has_put(20)
        async with site.processes.without("postgres"):
            pass
        await load.has_put(20)
        await site.processes.kill("postgres")
        await load.has_put(20)
        async with site.processes.without("postgres"):
            await asyncio.sleep(AWAY_SECONDS)  # the fault itself: it takes as long as it takes
        await load.has_put(20)
    assert load.statuses("confirm") <= {200, 202, 413, 503, 0}
    await assert_at_rest(site, load)
    assert await site.processes.pids() == pids, "a service was restarted, which the database's outage is no reason for"
