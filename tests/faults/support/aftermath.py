"""After a crash: the outcome is what it would have been, each fact was said under one id, each effect is there once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.eyes import Eyes
from tests.faults.support.facts import assert_said_once
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.site import Site

PASSERS_BY = Plan(users=3, uploads=3, seed=8)
"""Whoever else is at work while a process is dead and when it comes back: documents of every kind."""


async def crash_under_load(crashes: Crashes, stops: Sequence[Stop], load: Load, eyes: Eyes) -> None:
    """Kills the processes that stand still while a load begins; returns when the load is done."""
    async with asyncio.TaskGroup() as group:
        group.create_task(load.run())
        await crashes.crash(stops, eyes.wire)


async def assert_as_if_nothing_had_happened(site: Site, eyes: Eyes, *loads: Load) -> None:
    """Holds everything to the oracle once all is at rest; what every client was told, too."""
    await assert_at_rest(site, *loads)
    await assert_said_once(site.info, eyes.wire)


async def forgotten(eyes: Eyes, *loads: Load) -> int:
    """How many documents wait for bytes, since whoever asked for them was not told their URL."""
    users = [client.user_id for load in loads for client in load.clients]
    return sum([await eyes.rows("upload.documents", user, "status = 'pending'") for user in users])
