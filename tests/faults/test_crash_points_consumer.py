"""kill -9 of the consumers at each boundary of a batch: what is heard again changes nothing, what is owed is said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from docuvault_contracts import topics

from services.chassis.failpoints import Name
from services.quota.parsing import TOPICS
from tests.faults.support.aftermath import (
    PASSERS_BY,
    assert_as_if_nothing_had_happened,
    crash_under_load,
    forgotten,
)
from tests.faults.support.crash_names import IN_A_BATCH
from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.eyes import Eyes
from tests.faults.support.load import Load
from tests.faults.support.plans import Kind, Plan, Story
from tests.faults.support.site import Site
from tests.faults.support.wire import Raw
from tests.stack.support.api import Api
from tests.stack.support.notifications import created
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually

COUNT = 4
READERS = ("upload-1", "janitor-1")
"""Who acts on what the ledger says."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """One user whose documents all fit, and one who has no room at all; the URLs of all of them are known."""

    fitting: Load
    refused: Load
    others: Load

    async def put(self, load: Load) -> None:
        """Puts all documents of one of the two."""
        puts = (story.client.put(story.upload, story.data) for story in load.stories)
        assert set(await asyncio.gather(*puts)) == {200}


async def _begun(api: Api, kind: Kind, limit_bytes: int) -> Load:
    load = Load(api, Plan(uploads=COUNT))
    client = await api.user(limit_bytes)
    load.clients.append(client)
    load.stories += [Story(client, await client.begin(), kind, b"x" * (number + 1)) for number in range(COUNT)]
    return load


@pytest.fixture
async def crowd(site: Site) -> Crowd:
    """At rest, and the store has told all: whatever a consumer hears next is about the bytes of these documents."""
    others = Load(site.api, PASSERS_BY)
    await others.open()
    crowd = Crowd(await _begun(site.api, Kind.LEFT, 1000), await _begun(site.api, Kind.TOO_LARGE, 0), others)
    await assert_clean(site.info)
    await eventually(site.untold, becomes=0)  # what was removed before, it tells later: the ledger hears of that, too
    return crowd


@pytest.mark.parametrize("name", IN_A_BATCH)
async def test_a_consumer_killed_at_a_boundary_of_its_batch_leaves_nothing_out_and_does_nothing_twice(
    name: Name, site: Site, crowd: Crowd, crashes: Crashes, eyes: Eyes
) -> None:
    stops = [Stop(process, name) for process in IN_A_BATCH[name]]
    async with crashes.frozen(*READERS):
        await _put_and_told(crowd, crowd.refused, site, eyes)
        await _ruled(crowd.refused, eyes)
        before = {stop.process: await eyes.wire.position(stop.service) for stop in stops}
        crashes.arm(stops)
        await _put_and_told(crowd, crowd.fitting, site, eyes)
        await crashes.reached(stop for stop in stops if stop.service == "quota")
    await crashes.reached(stops)
    for stop in stops:
        seen = await _seen(stop, crowd, eyes, before[stop.process])
        assert seen == {effect: effect in _EFFECTS[name] for effect in seen}, stop.process
    await crash_under_load(crashes, stops, crowd.others, eyes)
    await assert_as_if_nothing_had_happened(site, eyes, crowd.fitting, crowd.refused, crowd.others)
    assert await forgotten(eyes, crowd.fitting, crowd.refused, crowd.others) == 0


async def test_consumers_killed_at_every_boundary_in_turn_end_as_if_they_had_not_been(
    site: Site, crowd: Crowd, crashes: Crashes, eyes: Eyes
) -> None:
    stops = [Stop(process, name) for name, processes in IN_A_BATCH.items() for process in processes]
    crashes.arm(stops)
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.put(crowd.refused))
        group.create_task(crowd.put(crowd.fitting))
        group.create_task(crowd.others.run())
        await crashes.crash_at_each(stops, eyes.wire)
    await assert_as_if_nothing_had_happened(site, eyes, crowd.fitting, crowd.refused, crowd.others)


async def _put_and_told(crowd: Crowd, load: Load, site: Site, eyes: Eyes) -> None:
    """Puts all documents and tells of them at once, in the words of the store, which itself tells every three seconds.

    Of the others' documents and in the other test the store tells.
    """
    async with site.bucket.silent():
        await crowd.put(load)
        seen = [await site.bucket.look(story.upload.key) for story in load.stories]
    told = [Raw(topics.STORAGE_EVENTS.name, created(site.bucket.name, each)) for each in seen]
    await eyes.wire.write(told, 0)


async def _ruled(load: Load, eyes: Eyes) -> None:
    """Returns when the ledger has refused all documents, said so, and has nothing in hand of whatever it reads."""
    user = load.clients[0].user_id
    await eventually(lambda: eyes.said(topics.QUOTA, "quota.rejected", user), becomes=COUNT)
    await eventually(lambda: eyes.wire.unread("quota", TOPICS), becomes=0)


_EFFECTS: Mapping[Name, Sequence[str]] = {
    "consumer.after_poll": (),
    "quota.before_commit": (),
    "upload.before_write": (),
    "janitor.before_commit": (),
    "janitor.before_delete": ("ordered",),
    "janitor.after_delete": ("ordered", "removed"),
    "consumer.after_handle": ("ordered", "removed", "done"),
    "consumer.after_publish": ("ordered", "removed", "done", "said"),
    "consumer.after_offsets": ("ordered", "removed", "done", "said", "heard"),
}
"""What there is of the first batch at a boundary, and nothing else of it."""


async def _seen(stop: Stop, crowd: Crowd, eyes: Eyes, before: int) -> dict[str, bool]:
    """Which effects of the first batch can be seen; `heard`: its offsets are committed."""
    heard = {"heard": await eyes.wire.position(stop.service) > before}
    user = (crowd.fitting if stop.service == "quota" else crowd.refused).clients[0].user_id
    if stop.service == "quota":
        done = bool(await eyes.rows("quota.reservations", user))
        return {**heard, "done": done, "said": bool(await eyes.said(topics.QUOTA, "quota.reserved", user))}
    if stop.service == "upload":
        return {**heard, "done": bool(await eyes.rows("upload.documents", user, "status <> 'pending'"))}
    return {
        **heard,
        "ordered": bool(await eyes.rows("janitor.objects", user, "state <> 'keep'")),
        "removed": await eyes.objects(user) < COUNT,
        "done": bool(await eyes.rows("janitor.objects", user, "state = 'removed'")),
        "said": bool(await eyes.said(topics.STORAGE_JANITOR, "object.removed", user)),
    }
