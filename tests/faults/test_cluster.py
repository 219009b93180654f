"""A cluster under load whose parts fail: three brokers, and a primary with its standby. Nothing acknowledged is lost.

`make cluster` makes all faults, `make test` those that are worth most.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import asyncpg
import pytest
from docuvault_contracts import topics

from deploy.local.errors import StackError
from deploy.local.stack import Stack
from deploy.observe.asking import Prometheus
from services.chassis.errors import Transient
from services.chassis.postgres import open_pool, transaction
from services.chassis.settings import DatabaseSettings
from tests.faults.conftest import SERVICE_ENV
from tests.faults.support.broker_faults import OFTEN, RARELY, Fault
from tests.faults.support.brokers import open_brokers
from tests.faults.support.console import docuvault
from tests.faults.support.load import Load
from tests.faults.support.oracle import REST_SECONDS, assert_at_rest
from tests.faults.support.pair import Servers, ended, has_table
from tests.faults.support.plans import PATIENT, Plan
from tests.faults.support.report import note
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.faults.support.walking import walk
from tests.faults.support.watching import fires, where_it_is_built
from tests.faults.support.wire import open_wire
from tests.stack.support.waiting import eventually

ALL = os.environ.get("CLUSTER") == "all"
SECURE = os.environ.get("SECURE") == "1"
FAULTS = {**OFTEN, **(RARELY if ALL else {})}
AWAY_SECONDS = 8.0
START_SECONDS = 300.0
"""Three brokers share two cores with all other tests."""
rarely = pytest.mark.skipif(not ALL, reason="`make cluster` runs it")


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A cluster."""
    options: dict[str, Any] = {"brokers": 3, "standby": True, "service_env": SERVICE_ENV}
    options |= {"start_timeout_seconds": START_SECONDS, "secure": SECURE}
    with own_stack(request, tmp_path_factory.mktemp("cluster"), **options) as stack:
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
    async with open_wire(site.info) as wire:
        heard = partial(wire.unread, "quota", [topics.STORAGE_EVENTS.name])
        await eventually(heard, becomes=0, within=REST_SECONDS)  # what is in Kafka by now, the ledger decides by itself
        walked = await walk(site)
        kept = b"".join(record.value or b"" for record in await wire.read(topics.STORAGE_EVENTS.name))
    unheard = [key for key, kind in walked.kinds().items() if kind == "undecided"]
    assert [key for key in unheard if key.encode() in kept] == [], "Kafka had it, and nobody decided"
    note(f"brokers: {len(unheard)} of {load.puts()} notifications went with a leader, and a walk found them")


@pytest.fixture
def servers(stack: Stack) -> Servers:
    return Servers(stack)


@pytest.fixture
def load(site: Site) -> Load:
    return Load(site.api, Plan(users=4, uploads=200, seed=3, pause=0.2))


async def test_the_primary_is_switched_in_mid_load_as_planned_and_because_it_hangs(
    site: Site, servers: Servers, load: Load
) -> None:
    lives = await site.processes.lives()
    async with under(load):
        await load.has_put(8)
        first = servers.pair
        assert "commits wait for it" in await servers.switch()
        assert (servers.pair.primary, servers.pair.standby, servers.pair.waits) == (first.standby, first.primary, True)
        await load.has_put(8)
        hung = servers.hang(servers.pair.primary.number)
        assert "commits wait for it" in await servers.switch()
        assert ended(hung), "what was not ended may go on at any time"
        assert (servers.pair.primary, servers.pair.waits) == (first.primary, True)
        await load.has_put(8)
    old = await asyncpg.connect(servers.url(servers.pair.standby.number))
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await old.execute("CREATE TABLE no_more (what text)")
    await old.close()
    await site.processes.assert_unbroken(lives)
    await assert_at_rest(site, load)


async def test_while_the_standby_is_away_nothing_is_acknowledged_or_shown_that_it_lacks(
    site: Site, servers: Servers
) -> None:
    settings = DatabaseSettings.model_validate(
        {"database_url": site.info.databases["postgres"], "database_statement_timeout_seconds": 0.5}
    )
    look = await asyncpg.connect(site.info.databases["postgres"])
    try:
        await look.execute("CREATE TABLE said (what text)")
        async with open_pool(settings) as pool, site.processes.without(servers.pair.standby.name):
            with pytest.raises(Transient):
                async with transaction(pool) as connection:
                    await connection.execute("INSERT INTO said VALUES ('in a transaction')")
            with pytest.raises(TimeoutError):
                await pool.execute("INSERT INTO said VALUES ('by itself')")
            assert await look.fetch("SELECT what FROM said") == []
        await eventually(lambda: look.fetchval("SELECT count(*) FROM said"), becomes=2)
    finally:
        await look.execute("DROP TABLE IF EXISTS said")
        await look.close()


@rarely
async def test_with_the_standby_away_uploads_wait_and_go_on_when_it_is_back_or_an_operator_says_so(
    site: Site, servers: Servers, load: Load
) -> None:
    standby = servers.pair.standby
    async with under(load):
        await load.has_put(4)
        async with site.processes.without(standby.name):
            await asyncio.sleep(AWAY_SECONDS)  # the fault itself
        await load.has_put(4)
        await site.processes.stop(standby.name)
        await servers.go_on()
        await load.has_put(8)
        with pytest.raises(StackError, match=f"{standby.name} does not answer"):
            await servers.switch()
        await servers.settle()
        assert servers.pair.waits
        await load.has_put(4)
    await assert_at_rest(site, load)


@rarely
async def test_a_primary_that_is_lost_with_its_disk_is_followed_by_its_standby_which_has_all(
    site: Site, servers: Servers, load: Load
) -> None:
    lost = servers.pair.primary
    async with under(load):
        await load.has_put(8)
        with servers.no_restart(lost.number):
            await site.processes.kill(lost.name)
            with pytest.raises(StackError, match="cannot be read, so that nobody can tell"):
                await servers.switch()
            assert f"{lost.name} is its standby" in await servers.switch(force=True)
        await load.has_put(8)
    await assert_at_rest(site, load)


@rarely
async def test_a_primary_that_came_back_alone_and_showed_what_it_had_not_acknowledged_is_not_switched_from(
    site: Site, servers: Servers
) -> None:
    primary, standby = servers.pair.primary, servers.pair.standby
    settings = DatabaseSettings.model_validate(
        {"database_url": site.info.databases["postgres"], "database_statement_timeout_seconds": 0.5}
    )
    async with open_pool(settings) as pool, site.processes.without(standby.name):
        with pytest.raises(TimeoutError):
            await pool.execute("CREATE TABLE shown (what text)")
        await site.processes.kill(primary.name)
        await eventually(lambda: has_table(servers.url(primary.number), "shown"), becomes=True, within=60.0)
        await site.processes.stop(primary.name)
        await site.processes.start(standby.name)
        await eventually(lambda: has_table(servers.url(standby.number), "said"), becomes=False, within=60.0)
        with pytest.raises(StackError, match=f"{standby.name} lacks what {primary.name} wrote last"):
            await servers.switch()
        await site.processes.stop(standby.name)
    await site.processes.start(primary.name)
    await eventually(lambda: has_table(servers.url(standby.number), "shown"), becomes=True, within=60.0)
    await site.processes.stop(primary.name)
    assert "commits wait for it" in await servers.switch()
    look = await asyncpg.connect(site.info.databases["postgres"])
    await look.execute("DROP TABLE shown")
    await look.close()


@rarely
@where_it_is_built
async def test_an_alert_tells_of_a_broker_that_was_killed_until_it_has_all_again(
    site: Site, prometheus: Prometheus
) -> None:
    told = partial(fires, prometheus, "KafkaUnderReplicated")
    async with open_brokers(site) as brokers:
        await brokers.whole()
        await eventually(told, becomes=False)
        async with site.processes.killed(brokers.name(3)):
            await eventually(told, becomes=True, within=REST_SECONDS)
        await brokers.whole()
        await eventually(told, becomes=False)


@rarely
@where_it_is_built
async def test_an_alert_tells_of_commits_that_wait_for_a_standby_that_hangs_and_ends_with_that(
    site: Site, servers: Servers, load: Load, prometheus: Prometheus
) -> None:
    told = partial(fires, prometheus, "CommitsWait")
    async with under(load):
        await load.has_put(4)
        assert not await told()
        with servers.frozen(servers.pair.standby.number):
            await eventually(told, becomes=True)
        await eventually(told, becomes=False)
        await load.has_put(4)
    await assert_at_rest(site, load)


@rarely
async def test_an_operators_commands_work_on_a_cluster_also_while_a_broker_hangs(site: Site, servers: Servers) -> None:
    async def code(*words: str) -> int:
        return (await docuvault(site.stack, *words))[0]

    primary = servers.pair.primary.name
    for words in (["status"], ["audit"], ["standby"], ["switchover", "--to", primary], ["standby", "--wait"]):
        assert await code(*words) == 0, words
    async with site.processes.frozen("kafka-2"):
        await eventually(lambda: code("offsets"), becomes=0, within=REST_SECONDS)
        await eventually(lambda: code("dlq", "list"), becomes=0, within=REST_SECONDS)
        assert await code("status") == 1
