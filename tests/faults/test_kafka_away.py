"""Kafka away for a minute while users upload: nobody notices but those who wait for a decision, and nothing is lost."""

from __future__ import annotations

import asyncio

from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import PATIENT, Plan
from tests.faults.support.running import under
from tests.faults.support.site import Site

AWAY_SECONDS = 60.0
ENOUGH_PUTS = 60


async def test_a_minute_without_kafka_holds_no_upload_up_and_all_is_decided_when_it_is_back(
    site: Site,
) -> None:
    load = Load(site.api, Plan(users=10, uploads=20, seed=1, pause=1.5, kinds=PATIENT, confirms=1))
    async with under(load):
        await load.has_put(10)
        async with site.processes.without("kafka"):
            before = load.puts()
            await asyncio.sleep(AWAY_SECONDS)  # the fault itself: it takes as long as it takes
            put_meanwhile = load.puts() - before
        await load.until_done()
    assert put_meanwhile > ENOUGH_PUTS
    assert load.statuses("upload-url") == {200}
    assert load.statuses("put") == {200}
    assert load.statuses("delete") == {204}
    assert load.statuses("confirm") <= {200, 202, 413, 503}
    await assert_at_rest(site, load)
