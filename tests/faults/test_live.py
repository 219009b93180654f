"""The stream of changes on two replicas while what is behind it breaks: no change is missed, and nobody cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from docuvault_contracts import topics
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import DocumentChanged

from deploy.local.stack import Stack
from services.chassis.auth import create_access_token
from services.chassis.producer_partition import partitions_of
from tests.faults.support.crashes import Crashes, Stop
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.faults.support.toxiproxy import FaultProxy
from tests.faults.support.wire import Raw, Wire, open_wire
from tests.stack.support.api import Client, token_settings
from tests.stack.support.sse import Listener, listening
from tests.stack.support.waiting import eventually
from tests.unit.upload_facts import DOCUMENT, NOW

HEARTBEAT = 1.0
WINDOW = 200
OUTAGE_SECONDS = 8.0
SILENCE = HEARTBEAT + 6.0
"""No silence is longer: a look that hangs delays a heartbeat by four seconds."""
BACK_SECONDS = 30.0
SERVICE_ENV = {
    "LIVE_HEARTBEAT_SECONDS": str(HEARTBEAT),
    "LIVE_WINDOW_CHANGES": str(WINDOW),
    "KAFKA_SESSION_TIMEOUT_SECONDS": "4",
    "KAFKA_REQUEST_TIMEOUT_SECONDS": "2",
    "KAFKA_PUBLISH_TIMEOUT_SECONDS": "4",
    "DATABASE_CONNECT_TIMEOUT_SECONDS": "1",
    "DATABASE_STATEMENT_TIMEOUT_SECONDS": "2",
}


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, triggers: Path) -> Iterator[Stack]:
    """Two replicas of each service, which reach the servers through the fault proxy."""
    environment = {**SERVICE_ENV, "FAILPOINTS_DIR": str(triggers)}
    options = {"fault_proxy": True, "replicas": 2, "service_env": environment}
    with own_stack(request, tmp_path_factory.mktemp("live"), **options) as stack:
        yield stack


@asynccontextmanager
async def at(site: Site, replica: int, client: Client, resume: str | None = None) -> AsyncIterator[Listener]:
    """The client's stream at one of the replicas."""
    url = site.info.service_urls[f"upload-{replica}"]
    async with ClientSession() as session, listening(session, url, client.authorization, resume) as listener:
        yield listener


async def stored(client: Client, count: int = 1) -> list[str]:
    """New documents, confirmed."""
    return [(await client.store(b"data")).document_id for _ in range(count)]


def knows(documents: Sequence[str], status: str) -> Callable[[Listener], bool]:
    """Whether all of them were told to be so."""
    return lambda listener: all(listener.status_of(each) == status for each in documents)


async def test_a_change_made_at_any_replica_is_told_at_every_one(site: Site) -> None:
    client = await site.api.user()
    async with at(site, 1, client) as one, at(site, 2, client) as two:
        document, *_ = await stored(client)
        for listener in (one, two):
            await listener.until(knows([document], "uploaded"))
            assert listener.last("document") == (await client.get(document)).body
            await listener.until(lambda each: (each.last("quota") or {}).get("used_bytes") == 4)
        await client.delete(document)
        for listener in (one, two):
            await listener.until(knows([document], "deleted"))
            await listener.until(lambda each: (each.last("quota") or {}).get("used_bytes") == 0)


async def test_a_limit_that_is_set_is_told(site: Site) -> None:
    client = await site.api.user()
    async with at(site, 1, client) as listener:
        await site.api.stranger("admin").set_limit(client.user_id, 4711)
        await listener.until(lambda each: (each.last("quota") or {}).get("limit_bytes") == 4711)


async def test_another_users_changes_are_never_seen(site: Site) -> None:
    client, other = await site.api.user(), await site.api.user()
    async with at(site, 1, client) as listener:
        theirs = await stored(other, 5)
        mine = await stored(client)
        await listener.until(knows(mine, "uploaded"))
        assert set(listener.documents) == set(mine)
        assert not any(each in str(listener.said) for each in [*theirs, str(other.user_id)])


async def test_who_goes_from_replica_to_replica_by_the_newest_id_misses_nothing(site: Site) -> None:
    """Cut off again and again while documents come and go; what each became is told at last."""
    client = await site.api.user()
    told: dict[str, object] = {}
    resume: str | None = None
    going = asyncio.create_task(_come_and_go(client))
    replica, resets = 1, 0
    while not going.done():
        async with at(site, replica, client, resume) as listener:
            await asyncio.wait({going}, timeout=0.3)  # a client's own pace: it is cut off wherever it is then
        told |= listener.documents
        resets += "reset" in listener.events
        resume, replica = listener.newest_id, 3 - replica
    kept, gone = await going
    async with at(site, replica, client, resume) as listener:

        def complete(each: Listener) -> bool:
            seen = told | each.documents
            return all(_status(seen, doc) == "uploaded" for doc in kept) and all(
                _status(seen, doc) == "deleted" for doc in gone
            )

        await listener.until(complete)
    assert resets == 0


def _status(seen: dict[str, object], document: str) -> object:
    found = seen.get(document)
    return found.get("status", found.get("reason")) if isinstance(found, dict) else None


async def _come_and_go(client: Client) -> tuple[list[str], list[str]]:
    kept, gone = [], []
    for number in range(30):
        [document] = await stored(client)
        if number % 3:
            kept.append(document)
        else:
            assert (await client.delete(document)).status == 204
            gone.append(document)
    return kept, gone


async def test_with_its_replica_killed_a_client_goes_on_at_the_other_without_a_gap(site: Site) -> None:
    client = await site.api.user()
    async with at(site, 1, client) as listener:
        before = await stored(client, 3)
        await listener.until(knows(before, "uploaded"))
        await site.processes.kill("upload-1")
        await asyncio.wait_for(listener.ended.wait(), 5)
    after = await stored(client, 3)
    async with at(site, 2, client, listener.newest_id) as again:
        await again.until(knows(after, "uploaded"))
        assert "reset" not in again.events
    await site.processes.ready()
    async with at(site, 1, client, listener.newest_id) as new:
        await new.until(knows(after, "uploaded"))
        assert "reset" not in new.events, "a new process reads what was said before it began"


async def test_a_consumer_killed_between_what_it_wrote_and_what_it_says_leaves_no_gap(
    site: Site, crashes: Crashes
) -> None:
    """The row is committed, and nobody was told: whoever hears the batch again says it, though it changes nothing."""
    client, stop = await site.api.user(), Stop("upload-1", "consumer.after_handle")
    async with at(site, 2, client) as listener, open_wire(site.info) as wire:
        uploads = [await client.begin() for _ in range(12)]  # the process that stops answers nobody
        crashes.arm([stop])
        assert {await client.put(each, b"data") for each in uploads} == {200}
        await crashes.reached([stop])
        await crashes.crash([stop], wire)
        await listener.until(knows([each.document_id for each in uploads], "uploaded"), BACK_SECONDS)
    await site.processes.ready()


@pytest.mark.parametrize("fault", ["away", "hung"])
async def test_with_kafka_away_streams_stay_and_catch_up_by_themselves(site: Site, fault: str) -> None:
    client, lives = await site.api.user(), await site.processes.lives()
    proxy = FaultProxy(site.info.fault_proxy_url, "upload_kafka")
    async with at(site, 1, client) as one, at(site, 2, client) as two:
        begun = len(one.said)
        async with getattr(proxy, fault)():
            upload = await client.put_new(b"data")
            await _beats(OUTAGE_SECONDS, one, two)
            async with at(site, 1, client, one.newest_id) as late:
                await _beats(HEARTBEAT * 2, late)
        for listener in (one, two):
            await listener.until(knows([upload.document_id], "uploaded"), BACK_SECONDS)
            assert not listener.ended.is_set()
        assert len(one.said) > begun
    await site.processes.assert_unbroken(lives)


@pytest.mark.parametrize("fault", ["away", "hung"])
async def test_with_postgresql_away_streams_stay_and_catch_up_by_themselves(site: Site, fault: str) -> None:
    client, lives = await site.api.user(), await site.processes.lives()
    document, *_ = await stored(client)
    proxy = FaultProxy(site.info.fault_proxy_url, "upload_postgres")
    async with at(site, 1, client) as listener:
        async with getattr(proxy, fault)():
            async with open_wire(site.info) as wire:
                await _hint(wire, client, document)
            await _beats(OUTAGE_SECONDS, listener)
            assert document not in listener.documents
        await listener.until(knows([document], "uploaded"), BACK_SECONDS)
        assert not listener.ended.is_set()
    await site.processes.assert_unbroken(lives)


async def _beats(seconds: float, *listeners: Listener) -> None:
    """For so long no stream is silent for longer than it says, nor ends."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(HEARTBEAT / 4)  # a look now and then: that nothing fails is seen by nothing
        for listener in listeners:
            assert not listener.ended.is_set()
            assert time.monotonic() - listener.heard_at < SILENCE


async def _hint(wire: Wire, client: Client, document: str, count: int = 1) -> None:
    event = DocumentChanged(user_id=client.user_id, document_id=document)
    message = encode(event, id="test", source="test", time=NOW)
    partition = partitions_of([message.key], topics.CHANGES.partitions)[0]
    raw = Raw(message.topic, message.value, message.key, message.headers)
    await wire.write([raw] * count, partition)


async def test_who_comes_after_the_window_has_passed_is_to_list_anew(site: Site) -> None:
    client = await site.api.user()
    async with at(site, 1, client) as listener:
        pass
    [document] = await stored(client)
    async with open_wire(site.info) as wire:
        await _hint(wire, client, str(DOCUMENT), count=WINDOW + 1)
    await eventually(lambda: _is_reset(site, 2, client, listener.newest_id), becomes=True)
    async with at(site, 1, client, listener.newest_id) as again:
        await again.until(lambda each: "reset" in each.events)
        newest = again.newest_id
    async with at(site, 2, client, newest) as after:
        await after.until(lambda each: "" in [said.event for said in each.said])
        assert "reset" not in after.events, "from the reset's own id on all is told"
    assert (await client.get(document)).status == 200


async def _is_reset(site: Site, replica: int, client: Client, resume: str | None) -> bool:
    async with at(site, replica, client, resume) as listener:
        await listener.until(lambda each: len(each.said) > 2)
        return "reset" in listener.events


@pytest.mark.parametrize("resume", ["nonsense", "0.", "99.1", "{partition}.999999999"])
async def test_an_id_that_is_none_or_of_the_future_is_a_reset_from_which_all_goes_on(site: Site, resume: str) -> None:
    client = await site.api.user()
    partition = partitions_of([str(client.user_id).encode()], topics.CHANGES.partitions)[0]
    async with at(site, 1, client, resume.format(partition=partition)) as listener:
        await listener.until(lambda each: "reset" in each.events)
        document, *_ = await stored(client)
        await listener.until(knows([document], "uploaded"))


async def test_a_token_that_expires_ends_the_stream_and_another_goes_on(site: Site) -> None:
    user = await site.api.user()
    token = create_access_token(user.user_id, "user", token_settings(site.info), expires_in=timedelta(seconds=3))
    async with at(site, 1, site.api.bearer(token, user.user_id)) as listener:
        await asyncio.wait_for(listener.ended.wait(), 10)
    assert listener.events[-1] == "expired"
    document, *_ = await stored(user)
    async with at(site, 1, user, listener.newest_id) as again:
        await again.until(knows([document], "uploaded"))


async def test_a_replica_that_is_stopped_ends_its_streams_and_is_gone_soon(site: Site) -> None:
    client = await site.api.user()
    async with at(site, 1, client) as listener:
        began = time.monotonic()
        await site.processes.stop("upload-1")
        took = time.monotonic() - began
        await asyncio.wait_for(listener.ended.wait(), 5)
    await site.processes.start("upload-1")
    await site.processes.ready()
    assert took < 8, f"it took {took:.1f} s"
