"""Each server away, hung, stalled, crawling and flapping, under load, for longer than every client's own time-outs.

The services come back by themselves: the same processes, within ten seconds of the server's return, with nothing lost
and nothing done twice; the classifier reads what it missed. The clients' time-outs are a fifth of their defaults here,
so that an outage need not take long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from functools import partial
from statistics import median

import pytest

from deploy.local.stack import Stack
from deploy.observe.asking import Prometheus
from services.upload.settings import Settings
from tests.faults.support.clock import slowness
from tests.faults.support.contract import assert_answers, assert_probes, subjects
from tests.faults.support.line import wrong_line
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Kind, Plan
from tests.faults.support.recovery import wait_for_decisions
from tests.faults.support.report import note
from tests.faults.support.running import lasting, under
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.faults.support.statuses import is_stored
from tests.faults.support.toxiproxy import Fault, FaultProxy
from tests.faults.support.watching import fires, where_it_is_built
from tests.stack.support.api import Client, Upload
from tests.stack.support.waiting import eventually

SHARE = 0.2
SHORTENED = (
    *("database_connect_timeout_seconds", "database_statement_timeout_seconds"),
    *("database_idle_transaction_timeout_seconds", "listen_check_seconds"),
    *("kafka_request_timeout_seconds", "kafka_publish_timeout_seconds", "kafka_session_timeout_seconds"),
    *("kafka_stop_timeout_seconds", "minio_connect_timeout_seconds", "minio_timeout_seconds"),
    *("request_timeout_seconds", "ready_timeout_seconds", "confirm_wait_seconds", "delete_wait_seconds"),
)
SHORT = {name: float(Settings.model_fields[name].default) * SHARE for name in SHORTENED}
STUCK_AFTER_SECONDS = 2.5 * max(SHORT.values())
OUTAGE_SECONDS = 1.25 * max(SHORT.values())
WORK_SECONDS = 5.0  # what the two waiting routes may take beside their wait: a constant of theirs
LIMITS = {
    "any": SHORT["request_timeout_seconds"],
    "confirm": SHORT["confirm_wait_seconds"] + WORK_SECONDS,
    "delete": SHORT["delete_wait_seconds"] + WORK_SECONDS,
}
GOAL_SECONDS = 10.0
"""From the server's return to a decision about what is uploaded then, on a machine that has nothing else to do."""
WAYS = ("postgres", "kafka", "minio")
FAULTS: dict[str, Fault] = {
    "away": FaultProxy.away,
    "hung": FaultProxy.hung,
    "stalled": FaultProxy.stalled,
    "crawling": FaultProxy.crawling,
    "flapping": FaultProxy.flapping,
}
SILENT = ("away", "hung", "stalled")
ENOUGH_PUTS = 5
PUT_SECONDS = 2 * OUTAGE_SECONDS
"""Longer than an outage: a PUT that arrives late must not come after the next one of its client."""
PUTS = 15
LINE_SECONDS = 60.0
"""Within which the classifier has read what waited for it: a back-off grows while an outage lasts, and begins anew."""
HELD_UP = 20.0
"""A PUT takes milliseconds; one that waits for Kafka takes seconds."""
SMALL = {Kind.LEFT: 6, Kind.CONFIRMED: 5, Kind.REPLACED: 3, Kind.DELETED: 3}


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack whose servers are reached through the fault proxy, up for this module; it classifies, too."""
    environment = {name.upper(): str(seconds) for name, seconds in SHORT.items()}
    environment["KAFKA_STUCK_AFTER_SECONDS"] = str(STUCK_AFTER_SECONDS)
    environment["CLASSIFIER_WORKERS"] = "1"
    options = {"fault_proxy": True, "service_env": environment, "without_services": ()}
    with own_stack(request, tmp_path_factory.mktemp("outages"), **options) as stack:
        yield stack


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_that_fails_in_any_way_is_told_of_and_waited_for(site: Site, way: str) -> None:
    client, before = await site.api.user(), await site.processes.lives()
    note(f"undisturbed: {await wait_for_decisions(client)}")
    load = _load(site)
    async with under(load):
        for fault, make in FAULTS.items():
            about = await subjects(site)
            await load.has_put(ENOUGH_PUTS)
            async with make(FaultProxy(site.info.fault_proxy_url, way)), lasting(OUTAGE_SECONDS):
                if fault in SILENT:
                    await asyncio.gather(assert_answers(about, way, LIMITS), assert_probes(site, way))
            await _assert_back(client, f"{way} {fault}")
    _assert_answered(load)
    await assert_at_rest(site, load)
    await eventually(lambda: wrong_line(site.info), becomes=[], within=LINE_SECONDS)
    await site.processes.assert_unbroken(before)


async def test_with_every_server_hung_for_longer_than_the_watchdog_waits_nobody_is_restarted(site: Site) -> None:
    client, before = await site.api.user(), await site.processes.lives()
    load = _load(site)
    async with under(load):
        await load.has_put(ENOUGH_PUTS)
        async with AsyncExitStack() as hung, lasting(STUCK_AFTER_SECONDS * 1.2):
            for way in WAYS:
                await hung.enter_async_context(FaultProxy(site.info.fault_proxy_url, way).hung())
        await _assert_back(client, "all hung")
    await assert_at_rest(site, load)
    await site.processes.assert_unbroken(before)


@pytest.mark.parametrize("fault", ["away", "hung"])
async def test_a_store_that_cannot_tell_kafka_takes_every_put_and_tells_of_it_later(site: Site, fault: str) -> None:
    user = await site.api.user()
    before = [await _timed_put(user) for _ in range(PUTS)]
    async with FAULTS[fault](FaultProxy(site.info.fault_proxy_url, "store_kafka")):
        async with slowness() as slow:
            puts = [await _timed_put(user) for _ in range(PUTS)]
        confirmed, *left = [upload for upload, _ in puts]
        assert (await user.confirm(confirmed.document_id)).status == 200, "a confirm needs no notification"
        assert {await user.status_of(upload) for upload in left} == {"pending"}
    began = time.monotonic()
    for upload in left:
        await eventually(lambda upload=upload: is_stored(user, upload), becomes=True, within=90)  # type: ignore[misc]
    note(f"the store's own way to kafka {fault}: all {len(left)} notified after {time.monotonic() - began:.1f} s")
    await assert_at_rest(site)
    times = median(seconds for _, seconds in puts) / median(seconds for _, seconds in before)
    assert times <= HELD_UP * slow.factor, f"a PUT took {times:.0f} times as long"


def _load(site: Site) -> Load:
    plan = Plan(users=5, uploads=500, seed=8, pause=0.1, kinds=SMALL, confirms=1, put_seconds=PUT_SECONDS)
    return Load(site.api, plan)


async def _timed_put(user: Client) -> tuple[Upload, float]:
    upload = await user.begin()
    began = time.monotonic()
    assert await user.put(upload, b"bytes") == 200
    return upload, time.monotonic() - began


async def _assert_back(client: Client, what: str) -> None:
    """What is uploaded from now on is decided in good time."""
    wait = await wait_for_decisions(client)
    note(f"{what}: {wait}")
    assert wait.longest <= GOAL_SECONDS * wait.slowness, f"after {what}: {wait}"


def _assert_answered(load: Load) -> None:
    """Nobody was told 500, and nobody was left without an answer by the gateway."""
    assert load.statuses("upload-url") <= {200, 503}
    assert load.statuses("delete") <= {204, 404, 503}
    assert load.statuses("confirm") <= {200, 202, 503}


@where_it_is_built
async def test_events_that_the_store_alone_cannot_tell_are_told_by_an_alert(site: Site, prometheus: Prometheus) -> None:
    client, told = await site.api.user(), partial(fires, prometheus, "StoreUntold")
    async with FaultProxy(site.info.fault_proxy_url, "store_kafka").away():
        waiting = await client.put_new(b"nobody hears of it")
        await eventually(told, becomes=True)
    await eventually(lambda: client.status_of(waiting), becomes="uploaded")
    await eventually(told, becomes=False)
    assert not await fires(prometheus, "StoreUnwatched"), "who asks the store is let in"
