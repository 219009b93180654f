"""Uploads that were never decided: the sweep finds them, says what the store holds, and they are decided or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from aiohttp import ClientSession
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import UploadRequested
from yarl import URL

from tests.faults.support.eyes import Eyes
from tests.faults.support.facts import assert_said_once
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.site import Site
from tests.faults.support.sweeping import Waiting, janitor, open_waiting
from tests.faults.support.wire import Raw
from tests.stack.support.api import Client, Upload
from tests.stack.support.waiting import eventually

DATA = b"never told"


@pytest.fixture
async def waiting(site: Site) -> AsyncIterator[Waiting]:
    async with open_waiting(site) as waiting:
        yield waiting


@pytest.fixture
async def client(site: Site) -> Client:
    return await site.api.user()


async def _put_untold(site: Site, client: Client, count: int) -> list[Upload]:
    """Documents whose bytes are in the store, of which it tells nobody."""
    async with site.bucket.silent():
        return [await client.put_new(DATA) for _ in range(count)]


async def _shown(client: Client, uploads: list[Upload]) -> set[str | int]:
    return {await client.status_of(upload) for upload in uploads}


async def test_a_lost_notification_is_decided_after_the_sweep_with_nobody_confirming(
    site: Site, client: Client, waiting: Waiting, eyes: Eyes
) -> None:
    uploads = await _put_untold(site, client, 3)
    await waiting.for_hours(client.user_id, 3)
    assert (await janitor(site, "sweep")).counts["healed"] == 3
    await eventually(lambda: _shown(client, uploads), becomes={"uploaded"})
    assert await client.used_bytes() == 3 * len(DATA)
    await eventually(lambda: waiting.rows(client.user_id, "look_at IS NULL AND ledger = 'reserved'"), becomes=3)
    assert (await janitor(site, "sweep")).counts["healed"] == 0
    await assert_at_rest(site)
    await assert_said_once(site.info, eyes.wire)


async def test_the_service_sweeps_by_itself_when_it_is_due(site: Site, client: Client, waiting: Waiting) -> None:
    uploads = await _put_untold(site, client, 1)
    await waiting.for_hours(client.user_id, 1)
    await waiting.sweep_soon()
    await eventually(lambda: _shown(client, uploads), becomes={"uploaded"})


async def test_what_never_got_bytes_is_abandoned_and_a_put_that_was_under_way_lives_after_all(
    site: Site, client: Client, waiting: Waiting
) -> None:
    never, slow = await client.begin(), await client.begin()
    half, go_on = asyncio.Event(), asyncio.Event()
    putting = asyncio.create_task(_put_slowly(slow, half, go_on))
    await half.wait()
    await waiting.for_hours(client.user_id, 2)
    assert (await janitor(site, "sweep")).counts["cleaned"] == 2
    await eventually(lambda: _shown(client, [never, slow]), becomes={404})
    go_on.set()
    assert await putting == 200
    await eventually(lambda: client.status_of(slow), becomes="uploaded")
    assert await client.used_bytes() == len(DATA)
    assert await client.status_of(never) == 404
    assert await waiting.rows(client.user_id, "abandoned_at IS NOT NULL") == 1
    await assert_at_rest(site)


async def _put_slowly(upload: Upload, half: asyncio.Event, go_on: asyncio.Event) -> int:
    """The status of a PUT of whose bytes the second half comes only when it may."""

    async def body() -> AsyncIterator[bytes]:
        yield DATA[:5]
        half.set()
        await go_on.wait()
        yield DATA[5:]

    headers = {"Content-Length": str(len(DATA))}
    async with (
        ClientSession() as session,
        session.put(
            URL(upload.url, encoded=True), data=body(), headers=headers, skip_auto_headers={"Content-Type"}
        ) as response,
    ):
        return response.status


async def test_a_reminder_of_a_decided_document_asks_the_ledger(
    site: Site, client: Client, waiting: Waiting, eyes: Eyes
) -> None:
    upload = await client.store(DATA)
    await eventually(lambda: waiting.rows(client.user_id, "ledger = 'reserved'"), becomes=1)
    await eyes.wire.write([_reminder(client.user_id, upload)], 0)
    await eventually(lambda: waiting.rows(client.user_id, "look_at IS NOT NULL"), becomes=1)
    before = await eyes.said(topics.STORAGE_JANITOR, "object.observed", client.user_id)
    assert (await janitor(site, "sweep")).counts["asked"] == 1
    assert await eyes.said(topics.STORAGE_JANITOR, "object.observed", client.user_id) == before + 1
    assert await waiting.rows(client.user_id, "look_at IS NOT NULL") == 0
    await assert_at_rest(site)
    assert await client.status_of(upload) == "uploaded"


def _reminder(user_id: UUID, upload: Upload) -> Raw:
    now = datetime.now(UTC)
    event = UploadRequested(
        document_id=UUID(upload.document_id), user_id=user_id, object_key=upload.key, content_type="text/plain",
        requested_at=now, expires_at=now, reminded_at=now,
    )  # fmt: skip
    message = encode(event, id=str(uuid4()), source="test", time=now)
    return Raw(message.topic, message.value, message.key, message.headers)


async def test_who_never_hears_of_a_put_is_healed_by_the_sweep(
    site: Site, client: Client, waiting: Waiting, eyes: Eyes
) -> None:
    upload = await client.begin()
    async with site.processes.without(*site.processes.services("quota")):
        assert await client.put(upload, DATA) == 200
        await eventually(site.untold, becomes=0)
        await eyes.wire.skip_to_the_end("quota", [topics.STORAGE_EVENTS.name])
    await waiting.for_hours(client.user_id, 1)
    assert (await janitor(site, "sweep")).counts["healed"] == 1
    await eventually(lambda: client.status_of(upload), becomes="uploaded")
    await assert_at_rest(site)


async def test_who_never_hears_of_a_decision_reminds_of_it_and_is_told_again(
    site: Site, client: Client, waiting: Waiting, eyes: Eyes
) -> None:
    upload = await client.begin()
    async with site.processes.without(*site.processes.services("upload")):
        assert await client.put(upload, DATA) == 200
        await eventually(lambda: eyes.said(topics.QUOTA, "quota.reserved", client.user_id), becomes=1)
        await eyes.wire.skip_to_the_end("upload", [topics.QUOTA.name])
    await site.processes.ready()
    assert await client.status_of(upload) == "pending"
    await waiting.remind_soon(client.user_id)
    await eventually(lambda: waiting.rows(client.user_id, "look_at IS NOT NULL"), becomes=1)
    assert (await janitor(site, "sweep")).counts["asked"] == 1
    await eventually(lambda: client.status_of(upload), becomes="uploaded")
    await assert_at_rest(site)
    await assert_said_once(site.info, eyes.wire)


async def test_a_janitor_that_never_hears_of_a_request_is_reminded_of_it(
    site: Site, client: Client, waiting: Waiting, eyes: Eyes
) -> None:
    async with site.processes.without(*site.processes.services("janitor")):
        never, untold = await client.begin(), (await _put_untold(site, client, 1))[0]
        await eventually(lambda: eyes.said(topics.DOCUMENTS, "upload.requested", client.user_id), becomes=2)
        await eyes.wire.skip_to_the_end("janitor", [topics.DOCUMENTS.name])
    await site.processes.ready()
    await waiting.remind_soon(client.user_id)
    await eventually(lambda: waiting.rows(client.user_id, "look_at IS NOT NULL"), becomes=2)
    counts = (await janitor(site, "sweep")).counts
    assert (counts["cleaned"], counts["healed"]) == (1, 1)
    await eventually(lambda: _shown(client, [untold]), becomes={"uploaded"})
    await eventually(lambda: _shown(client, [never]), becomes={404})
    await assert_at_rest(site)


async def test_two_sweeps_at_once_are_one(site: Site, client: Client, waiting: Waiting, eyes: Eyes) -> None:
    await _put_untold(site, client, 5)
    await waiting.for_hours(client.user_id, 5)
    both = await asyncio.gather(janitor(site, "sweep"), janitor(site, "sweep"))
    assert sorted(ended.counts["healed"] for ended in both) == [0, 5]
    assert await eyes.said(topics.STORAGE_JANITOR, "object.observed", client.user_id) == 5


@pytest.mark.parametrize("away", ["minio", "kafka"])
async def test_a_server_that_is_away_delays_the_sweep_and_drops_nothing(
    site: Site, client: Client, waiting: Waiting, away: str
) -> None:
    uploads = [*await _put_untold(site, client, 2), await client.begin()]
    await waiting.for_hours(client.user_id, 3)
    async with site.processes.without(away):
        refused = await janitor(site, "sweep", KAFKA_PUBLISH_TIMEOUT_SECONDS="2")
        assert refused.code == 2
        assert refused.out == ""
        assert len(refused.err.splitlines()) == 1
        assert "Traceback" not in refused.err
        await waiting.sweep_soon()  # the service stays on it
    await eventually(lambda: _shown(client, uploads), becomes={"uploaded", 404}, within=60)
    await assert_at_rest(site)


async def test_a_sweep_that_would_take_living_urls_for_dead_is_refused_at_the_start(site: Site) -> None:
    for arguments in ((), ("sweep",)):
        refused = await janitor(site, *arguments, UPLOAD_URL_MINUTES="60", HTTP_PORT="0")
        assert (refused.code, refused.out) == (2, "")
        assert "SWEEP_AGE_SECONDS must not be below" in refused.err
        assert len(refused.err.splitlines()) == 1


async def test_a_command_that_is_not_understood_says_how_it_is_used(site: Site) -> None:
    wrong = await janitor(site, "swep")
    assert wrong.code == 2
    assert "usage: python -m services.janitor" in wrong.err
    told = await janitor(site, "sweep", "--json")
    assert (told.code, told.out.strip()[:1], told.err) == (0, "{", "")
