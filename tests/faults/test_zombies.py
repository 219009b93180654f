"""Replicas that stall for longer than they are waited for, and go on as zombies where they stopped.

Three replicas of each service, under load. Each is stopped (SIGSTOP) at an exact boundary, taken for dead by Kafka and
PostgreSQL, and woken when the others have done its work: whatever it says or writes then must change nothing.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from docuvault_contracts import topics

from deploy.local.stack import Stack
from services.chassis.failpoints import Name
from services.chassis.outbox import SILENCE_PER_PUBLISH
from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.happenings import Happenings
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Kind, Plan
from tests.faults.support.report import note
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.faults.support.wire import Wire, open_wire
from tests.stack.support.waiting import eventually

REPLICAS = 3
GROUPS = ("quota", "upload", "janitor")
PUBLISH_SECONDS = 4.0
ENVIRONMENT = {
    "KAFKA_SESSION_TIMEOUT_SECONDS": "3",
    "KAFKA_PUBLISH_TIMEOUT_SECONDS": str(PUBLISH_SECONDS),
    "KAFKA_MAX_BATCH": "20",
    "DATABASE_IDLE_TRANSACTION_TIMEOUT_SECONDS": "3",
    "CONFIRM_WAIT_SECONDS": "2",
}
EVERY_BOUNDARY: tuple[dict[str, Name], ...] = (
    {"quota": "consumer.after_poll", "upload": "consumer.after_poll", "janitor": "janitor.before_delete"},
    {"quota": "quota.before_commit", "upload": "upload.before_write", "janitor": "janitor.before_commit"},
    {"quota": "consumer.after_handle", "upload": "consumer.after_handle", "janitor": "janitor.after_delete"},
    {"quota": "consumer.after_publish", "upload": "consumer.after_publish", "janitor": "consumer.after_handle"},
    {"quota": "consumer.after_offsets", "upload": "confirm.before_observation", "janitor": "consumer.after_publish"},
)
OUTBOX: tuple[Name, ...] = ("outbox.after_take", "outbox.after_publish", "outbox.after_delete")
HELD = 0.5
PUTS = 10
SEED = int(os.environ.get("ZOMBIES_SEED", "393"))
ROUNDS = int(os.environ.get("ZOMBIES_ROUNDS", "6"))


@pytest.fixture(scope="module")
def triggers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the files that stop the services' processes at a failpoint."""
    return tmp_path_factory.mktemp("zombie-triggers")


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, triggers: Path) -> Iterator[Stack]:
    """Three replicas of each service that give each other up soon, up for this module."""
    environment = {**ENVIRONMENT, "FAILPOINTS_DIR": str(triggers)}
    with own_stack(request, tmp_path_factory.mktemp("zombies"), replicas=REPLICAS, service_env=environment) as stack:
        yield stack


@pytest.fixture
def patience() -> float:
    """Seconds: a request that a stalled replica has taken is asked again before it wakes."""
    return 4.0


@pytest.fixture
async def wire(site: Site) -> AsyncIterator[Wire]:
    """Kafka, with all replicas in their groups."""
    async with open_wire(site.info) as wire:
        await _members(wire, REPLICAS)
        yield wire


async def test_consumers_that_stall_at_any_boundary_and_wake_as_zombies_do_nothing_twice(
    site: Site, wire: Wire, crashes: Crashes
) -> None:
    before = await site.processes.lives()
    load = Load(site.api, Plan(users=8, uploads=240, seed=11, pause=0.05))
    async with under(load):
        for number, points in enumerate(EVERY_BOUNDARY):
            stops = [Stop(f"{service}-{number % REPLICAS + 1}", point) for service, point in points.items()]
            async with crashes.stalled(stops):
                await _members(wire, REPLICAS - 1)
                await load.has_put(PUTS)
            await load.has_put(PUTS)
            await _members(wire, REPLICAS)
    await assert_at_rest(site, load)
    await site.processes.assert_unbroken(before)


async def test_a_relay_that_stalls_with_the_lock_loses_it_and_says_nothing_out_of_order_when_it_wakes(
    site: Site, wire: Wire, crashes: Crashes
) -> None:
    before = await site.processes.lives()
    load = Load(site.api, Plan(users=6, uploads=500, seed=12, pause=0.05, kinds={Kind.DELETED: 3, Kind.LEFT: 1}))
    async with under(load):
        for number, point in enumerate(OUTBOX):
            async with crashes.stalled([Stop(f"upload-{number % REPLICAS + 1}", point)]):
                silences = await _until_another_relays(site) / (PUBLISH_SECONDS * SILENCE_PER_PUBLISH)
                note(f"a relay stalled at {point}: another went on after {silences:.1f} times its longest silence")
                assert silences > HELD, "it did not hold the lock"
                await load.has_put(PUTS)
            await load.has_put(PUTS)
    await assert_at_rest(site, load)
    await _assert_in_order(wire, load)
    await site.processes.assert_unbroken(before)


async def test_replicas_that_come_go_die_and_stall_as_chance_will_have_it_leave_every_byte_accounted_for(
    site: Site, wire: Wire
) -> None:
    note(f"zombies: ZOMBIES_SEED={SEED} ZOMBIES_ROUNDS={ROUNDS}")
    happenings = Happenings(site, wire, random.Random(SEED), REPLICAS)  # noqa: S311 - the same every time
    load = Load(site.api, Plan(users=8, uploads=240, seed=SEED, pause=0.05))
    async with under(load):
        for _ in range(ROUNDS):
            await load.has_put(PUTS)
            async with happenings.next():
                await load.has_put(PUTS)
    note(f"zombies: {', '.join(happenings.told)}")
    await assert_at_rest(site, load)


async def _members(wire: Wire, count: int) -> None:
    """Returns when each group has so many members, and every one of them its partitions."""
    for group in GROUPS:
        await eventually(lambda group=group: wire.members(group), becomes=count, within=60)  # type: ignore[misc]


async def _until_another_relays(site: Site) -> float:
    """Seconds until all that waits in the outbox now, the rows of the stalled relay among them, is gone from it."""
    began = time.monotonic()
    connection = await asyncpg.connect(site.info.databases["audit"])
    try:
        newest = await connection.fetchval("SELECT max(id) FROM upload.outbox")
        assert newest is not None, "it stalled with nothing to say"

        async def left() -> int:
            return int(await connection.fetchval("SELECT count(*) FROM upload.outbox WHERE id <= $1", newest))

        await eventually(left, becomes=0, within=90)
    finally:
        await connection.close()
    return time.monotonic() - began


async def _assert_in_order(wire: Wire, load: Load) -> None:
    """Whatever was said again: an upload was first said before its delete was."""
    first: dict[tuple[str, str], int] = {}
    for place, record in enumerate(await wire.read(topics.DOCUMENTS.name)):
        kind = dict(record.headers)["ce_type"].decode()
        first.setdefault(((record.key or b"").decode(), kind), place)
    for story in load.stories:
        requested = first[story.upload.document_id, "upload.requested"]
        if story.kind is Kind.DELETED:
            assert requested < first[story.upload.document_id, "document.deleted"], story.upload.key
