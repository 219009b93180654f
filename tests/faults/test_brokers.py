"""Three brokers that keep everything three times, one or two of which fail while users upload: nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from docuvault_contracts import topics

from deploy.local.stack import Stack
from tests.faults.conftest import SERVICE_ENV
from tests.faults.support.broker_faults import OFTEN, RARELY, Fault
from tests.faults.support.brokers import open_brokers
from tests.faults.support.load import Load
from tests.faults.support.oracle import REST_SECONDS, assert_at_rest
from tests.faults.support.plans import PATIENT, Plan
from tests.faults.support.report import LINES
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.faults.support.walking import walk
from tests.faults.support.wire import open_wire
from tests.stack.support.waiting import eventually

FAULTS = {**OFTEN, **(RARELY if os.environ.get("CLUSTER") == "all" else {})}
"""`make cluster` makes them all."""


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with three brokers."""
    with own_stack(request, tmp_path_factory.mktemp("brokers"), brokers=3, service_env=SERVICE_ENV) as stack:
        yield stack


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_nothing_is_lost_and_no_upload_is_held_up_where(fault: Fault, site: Site) -> None:
    load = Load(site.api, Plan(users=4, uploads=200, seed=7, pause=0.5, kinds=PATIENT, confirms=1))
    async with open_brokers(site) as brokers:
        async with under(load):
            await load.has_put(4)
            await fault(brokers, load)
        await brokers.whole()
    await _heal(site, load)
    assert load.statuses("upload-url") == {200}
    assert load.statuses("put") == {200}
    assert load.statuses("confirm") <= {200, 202, 413, 503}
    await assert_at_rest(site, load)


async def _heal(site: Site, load: Load) -> None:
    """The store takes the word of a partition's leader alone (`acks=1`): what only that one had is found by a walk."""
    await site.processes.ready()
    await eventually(site.untold, becomes=0, within=REST_SECONDS)
    walked = await walk(site)
    async with open_wire(site.info) as wire:
        kept = b"".join(record.value or b"" for record in await wire.read(topics.STORAGE_EVENTS.name))
    unheard = [key for key, kind in walked.kinds().items() if kind == "undecided"]
    assert [key for key in unheard if key.encode() in kept] == [], "Kafka had it, and nobody decided"
    LINES.append(f"brokers: {len(unheard)} of {load.puts()} notifications went with a leader, and a walk found them")
