"""What the store holds and nobody heard of: a walk of the bucket finds it, says so, and the ledger decides."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest
from docuvault_contracts.keys import parse_key

from tests.faults.support.eyes import Eyes
from tests.faults.support.facts import assert_said_once
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site
from tests.faults.support.sweeping import Waiting, janitor, open_waiting
from tests.faults.support.walking import walk
from tests.faults.support.wire import open_wire
from tests.stack.support.api import Client, Upload
from tests.stack.support.waiting import eventually

FIRST, SECOND = b"heard of", b"and these bytes were never heard of"


@pytest.fixture
async def waiting(site: Site) -> AsyncIterator[Waiting]:
    async with open_waiting(site) as waiting:
        yield waiting


@pytest.fixture
async def client(site: Site) -> Client:
    return await site.api.user()


async def _heard(waiting: Waiting, client: Client, ledger: str, count: int = 1) -> None:
    await eventually(lambda: waiting.rows(client.user_id, f"ledger = '{ledger}'"), becomes=count)


async def _is(client: Client, upload: Upload, status: str | int, used: int) -> None:
    await eventually(lambda: client.status_of(upload), becomes=status)
    await eventually(client.used_bytes, becomes=used)


async def test_all_that_was_put_while_notifications_were_off_is_decided_by_sweep_and_walk(
    site: Site, client: Client, waiting: Waiting, eyes: Eyes
) -> None:
    reused, kept = await client.store(FIRST), await client.store(FIRST)
    await _heard(waiting, client, "reserved", 2)
    async with site.bucket.silent():
        new = await client.put_new(SECOND)
        assert await client.put(reused, SECOND) == 200
    await waiting.for_hours(client.user_id, 3)
    assert (await janitor(site, "sweep")).counts["healed"] == 1
    await _is(client, new, "uploaded", 2 * len(FIRST) + len(SECOND))
    await _heard(waiting, client, "reserved", 3)
    found = await walk(site)
    assert (found.code, found.kinds(str(client.user_id))) == (0, {reused.key: "different"})
    await eventually(client.used_bytes, becomes=len(FIRST) + 2 * len(SECOND))
    assert {await client.status_of(upload) for upload in (new, reused, kept)} == {"uploaded"}
    await assert_at_rest(site)
    await assert_said_once(site.info, eyes.wire)
    assert (await walk(site)).kinds(str(client.user_id)) == {}


async def test_with_the_queue_folder_of_the_notifications_deleted_all_is_decided(
    site: Site, client: Client, waiting: Waiting
) -> None:
    reused = await client.store(FIRST)
    refused = await site.api.user(len(FIRST))
    await _heard(waiting, client, "reserved")
    async with site.processes.without("kafka"):
        new, too_large = await client.begin(), await refused.begin()
    await site.processes.ready()
    async with site.processes.frozen("kafka"):
        assert await client.put(reused, SECOND) == 200
        assert await client.put(new, SECOND) == 200
        assert await refused.put(too_large, SECOND) == 200
        shutil.rmtree(site.stack.layout.untold)
        await site.processes.kill("minio")
    await site.processes.ready()
    await waiting.for_hours(client.user_id, 2)
    await waiting.for_hours(refused.user_id, 1)
    await janitor(site, "sweep")
    await walk(site)
    await _is(client, new, "uploaded", 2 * len(SECOND))
    await _is(client, reused, "uploaded", 2 * len(SECOND))
    await _is(refused, too_large, 404, 0)
    await assert_at_rest(site)
    assert await site.bucket.of(refused.user_id) == set()


async def test_a_paid_object_that_a_foreign_hand_removed_unheard_is_paid_for_no_more(
    site: Site, client: Client, waiting: Waiting
) -> None:
    gone, kept = await client.store(FIRST), await client.store(FIRST)
    await _heard(waiting, client, "reserved", 2)
    async with site.bucket.silent():
        await site.bucket.remove(gone.key)
    assert (await walk(site)).kinds(str(client.user_id)) == {gone.key: "missing"}
    await _is(client, gone, 404, len(FIRST))
    assert await client.status_of(kept) == "uploaded"
    await assert_at_rest(site)


async def test_bytes_put_unheard_after_the_removal_go_again(site: Site, client: Client, waiting: Waiting) -> None:
    upload = await client.store(FIRST)
    await client.delete(upload.document_id)
    await eventually(lambda: waiting.rows(client.user_id, "state = 'removed'"), becomes=1)
    await _heard(waiting, client, "released")
    async with site.bucket.silent():
        assert await client.put(upload, SECOND) == 200
    assert (await walk(site)).kinds(str(client.user_id)) == {upload.key: "unwanted"}
    await eventually(lambda: site.bucket.of(client.user_id), becomes=set())
    assert await client.used_bytes() == 0
    await assert_at_rest(site)


async def test_what_the_janitor_missed_for_want_of_its_offsets_is_done_after_all(site: Site, waiting: Waiting) -> None:
    """Its group is set to the end of the topics while it is away: a refusal and a deletion are never read."""
    client = await site.api.user(len(SECOND))
    deleted = await client.store(FIRST)
    await _heard(waiting, client, "reserved")
    await site.processes.stop(*site.processes.services("janitor"))
    too_large = await client.put_new(SECOND)
    await eventually(lambda: client.status_of(too_large), becomes=404)
    await client.delete(deleted.document_id)
    await eventually(client.used_bytes, becomes=0)
    async with open_wire(site.info) as wire:
        await wire.skip_to_the_end("janitor")
    await site.processes.start(*site.processes.services("janitor"))
    await site.processes.ready()
    kinds = (await walk(site)).kinds(str(client.user_id))
    assert kinds == {too_large.key: "undecided"}, "what was deleted is reserved, as far as the janitor knows"
    await eventually(lambda: site.bucket.holds(too_large.key), becomes=False)
    assert await site.bucket.holds(deleted.key)
    assert (await walk(site, "--ask-all")).counts["asked"] >= 1
    await eventually(lambda: site.bucket.holds(deleted.key), becomes=False)
    await assert_at_rest(site)


async def test_what_is_younger_than_the_grace_is_left_to_its_notification(
    site: Site, client: Client, waiting: Waiting
) -> None:
    reused = await client.store(FIRST)
    await _heard(waiting, client, "reserved")
    async with site.bucket.silent():
        assert await client.put(reused, SECOND) == 200
        await client.put_new(SECOND)
    assert (await walk(site, grace="600")).kinds(str(client.user_id)) == {}
    assert len((await walk(site)).kinds(str(client.user_id))) == 2
    await eventually(client.used_bytes, becomes=2 * len(SECOND))


async def test_a_foreign_key_is_reported_and_left_and_removed_only_when_asked_for(site: Site, client: Client) -> None:
    upload = await client.store(FIRST)
    keys = ["backup of/everything", f"{client.user_id}/notes.txt", "\x01\r<key>&"]
    async with site.bucket.silent():
        for key in keys:
            await site.bucket.put(key, SECOND)
    found = await walk(site)
    assert (found.code, found.kinds()) == (1, dict.fromkeys(keys, "foreign"))
    assert await site.bucket.keys("backup of/") == {keys[0]}
    found = await walk(site, "--remove-foreign", "--dry-run")
    assert (found.code, found.counts["foreign"], found.counts["removed"]) == (1, 3, 0)
    found = await walk(site, "--remove-foreign")
    assert (found.code, found.counts["foreign"], found.counts["removed"]) == (0, 3, 3)
    assert {key for key in await site.bucket.keys("") if parse_key(key) is None} == set()
    assert await site.bucket.holds(upload.key)
    await assert_at_rest(site)


async def test_a_dry_run_shows_all_and_changes_nothing(site: Site, client: Client, waiting: Waiting) -> None:
    gone, reused = await client.store(FIRST), await client.store(FIRST)
    await _heard(waiting, client, "reserved", 2)
    async with site.bucket.silent():
        await site.bucket.remove(gone.key)
        assert await client.put(reused, SECOND) == 200
        new = await client.put_new(SECOND)
    shown = {gone.key: "missing", reused.key: "different", new.key: "undecided"}
    async with open_wire(site.info) as wire:
        before = len(await wire.read("storage.janitor"))
        for _ in range(2):
            found = await walk(site, "--dry-run")
            assert (found.code, found.kinds(str(client.user_id)), found.counts["said"]) == (1, shown, 0)
        assert len(await wire.read("storage.janitor")) == before
    assert (await walk(site)).kinds(str(client.user_id)) == shown
    await _is(client, new, "uploaded", 2 * len(SECOND))
    await assert_at_rest(site)


@pytest.mark.parametrize("away", ["minio", "kafka", "postgres"])
async def test_a_server_that_is_away_is_told_in_a_line_and_the_service_walks_when_it_is_back(
    site: Site, client: Client, waiting: Waiting, away: str
) -> None:
    upload = await client.store(FIRST)
    await _heard(waiting, client, "reserved")
    async with site.bucket.silent():
        assert await client.put(upload, SECOND) == 200
    await asyncio.sleep(1.1)
    async with site.processes.without(away):
        refused = await janitor(
            site, "reconcile", SWEEP_GRACE_SECONDS="0.001", KAFKA_PUBLISH_TIMEOUT_SECONDS="2",
            DATABASE_STARTUP_WAIT_SECONDS="1",
        )  # fmt: skip
        assert refused.code == 2
        assert (len(refused.err.splitlines()), "Traceback" in refused.err) == (1, False)
    await site.processes.ready()
    assert (await walk(site)).kinds(str(client.user_id)) == {upload.key: "different"}
    await eventually(client.used_bytes, becomes=len(SECOND))
    await assert_at_rest(site)
