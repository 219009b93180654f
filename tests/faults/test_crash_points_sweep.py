"""kill -9 of the janitor at each boundary of a sweep: it says the same again under the same ids, and loses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest
from docuvault_contracts import topics

from services.chassis.failpoints import Name
from tests.faults.support.aftermath import PASSERS_BY, assert_as_if_nothing_had_happened, crash_under_load
from tests.faults.support.crash_names import IN_A_SWEEP
from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.eyes import Eyes
from tests.faults.support.load import Load
from tests.faults.support.site import Site
from tests.faults.support.sweeping import Waiting, open_waiting
from tests.stack.support.api import Client
from tests.stack.support.waiting import eventually

COUNT = 4
SAID: Mapping[Name, int] = {"janitor.sweep_before_publish": 0, "janitor.sweep_before_mark": COUNT}


@pytest.fixture
async def waiting(site: Site) -> AsyncIterator[Waiting]:
    async with open_waiting(site) as waiting:
        yield waiting


@pytest.mark.parametrize("name", IN_A_SWEEP)
async def test_a_sweeper_killed_at_a_boundary_says_the_same_again_and_loses_nothing(
    name: Name, site: Site, waiting: Waiting, crashes: Crashes, eyes: Eyes
) -> None:
    client, others = await site.api.user(), Load(site.api, PASSERS_BY)
    await others.open()
    async with site.bucket.silent():
        there = [await client.put_new(b"x" * (number + 1)) for number in range(COUNT)]
    never = [await client.begin() for _ in range(COUNT)]
    await waiting.for_hours(client.user_id, 2 * COUNT)
    stop = Stop("janitor-1", name)
    crashes.arm([stop])
    await waiting.sweep_soon()
    await crashes.reached([stop])
    assert await _said(eyes, client) == {"object.observed": SAID[name], "upload.abandoned": SAID[name]}
    assert await waiting.rows(client.user_id, "abandoned_at IS NOT NULL") == 0
    await crash_under_load(crashes, [stop], others, eyes)
    await eventually(lambda: waiting.rows(client.user_id, "look_at IS NULL"), becomes=2 * COUNT)
    assert await waiting.rows(client.user_id, "abandoned_at IS NOT NULL") == COUNT
    for upload in there:
        await eventually(lambda upload=upload: client.status_of(upload), becomes="uploaded")  # type: ignore[misc]
    for upload in never:
        await eventually(lambda upload=upload: client.status_of(upload), becomes=404)  # type: ignore[misc]
    await assert_as_if_nothing_had_happened(site, eyes, others)


async def _said(eyes: Eyes, client: Client) -> dict[str, int]:
    return {
        type_: await eyes.said(topics.STORAGE_JANITOR, type_, client.user_id)
        for type_ in ("object.observed", "upload.abandoned")
    }
