"""kill -9 of each service in the middle of a batch, again and again, while users upload."""

from __future__ import annotations

import random

import pytest

from tests.faults.support.backlog import COUNT, SIZE_BYTES, kill_at_work, open_backlog
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.faults.support.wire import open_wire

KILLS = 5


@pytest.mark.parametrize(
    ("service", "kept"), [("quota", COUNT * SIZE_BYTES), ("upload", COUNT * SIZE_BYTES), ("janitor", 0)]
)
async def test_a_service_killed_in_mid_batch_again_and_again_leaves_nothing_out_and_does_nothing_twice(
    service: str, kept: int, site: Site
) -> None:
    load = Load(site.api, Plan(users=3, uploads=100, seed=4, pause=0.1))
    await load.open()
    async with open_backlog(service, site.api, site.info) as backlog, open_wire(site.info) as wire:
        await backlog.pile_up(wire, site.processes)
        async with under(load):
            await site.processes.start(f"{service}-1")
            chance = random.Random(f"kills of {service}")  # noqa: S311 - the same every time
            left = await kill_at_work(backlog, wire, site.processes, chance, KILLS)
            await backlog.reaches(COUNT)
        assert all(left), "a kill came when the work was done"
        await assert_at_rest(site, load)
        assert await backlog.client.used_bytes() == kept
        assert len(await site.bucket.of(backlog.client.user_id)) * SIZE_BYTES == kept
