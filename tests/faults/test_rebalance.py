"""Replicas that come and go under load: what one of them had in hand is done by another, once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.faults.support.wire import open_wire
from tests.stack.support.waiting import eventually

REPLICAS = 3
CHANGES = 6
PUTS_BETWEEN = 8


@pytest.fixture
async def replicated(site: Site) -> AsyncIterator[Site]:
    """Three replicas of each service, and one again afterwards: all of them are ready."""
    await asyncio.to_thread(site.stack.up, replicas=REPLICAS)
    yield site
    await site.processes.restore()
    await asyncio.to_thread(site.stack.up, replicas=1)


async def test_replicas_that_stop_and_start_under_load_hand_their_work_over(replicated: Site) -> None:
    site, chance = replicated, random.Random("who comes and goes")  # noqa: S311 - the same every time
    await _all_joined(site)
    load = Load(site.api, Plan(users=6, uploads=200, seed=7, pause=0.05))
    async with under(load):
        for number in range(CHANGES):
            service = ("quota", "upload")[number % 2]
            name = f"{service}-{chance.randint(1, REPLICAS)}"
            await load.has_put(PUTS_BETWEEN)
            async with site.processes.without(name):
                await load.has_put(PUTS_BETWEEN)
    assert load.statuses("confirm") <= {200, 202, 413, 503}
    await assert_at_rest(site, load)


async def _all_joined(site: Site) -> None:
    async with open_wire(site.info) as wire:
        for group in ("quota", "upload", "janitor"):
            await eventually(lambda group=group: wire.members(group), becomes=REPLICAS)  # type: ignore[misc]
