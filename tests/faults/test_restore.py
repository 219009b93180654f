"""PostgreSQL is restored from a backup while Kafka and the bucket are newer: what any client was told stays true."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from deploy.local.stack import Stack
from deploy.ops.users import access_token, register
from tests.faults.support.backup import Backups
from tests.faults.support.console import docuvault
from tests.faults.support.eyes import open_eyes
from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Kind, Plan
from tests.faults.support.processes import freeze
from tests.faults.support.site import Site
from tests.faults.support.stacks import own_stack
from tests.stack.support.api import Client
from tests.stack.support.waiting import eventually

MIXED = {Kind.CONFIRMED: 4, Kind.LEFT: 3, Kind.REPLACED: 4, Kind.DELETED: 4, Kind.TOO_LARGE: 2}


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of this file's own: what fails here leaves no other test a database of yesterday."""
    environment = {"KAFKA_SESSION_TIMEOUT_SECONDS": "4", "KAFKA_MAX_BATCH": "50"}
    with own_stack(request, tmp_path_factory.mktemp("restore"), service_env=environment) as stack:
        yield stack


@pytest.fixture
def backups(site: Site, tmp_path: Path) -> Backups:
    return Backups(site.stack, tmp_path / "backup")


async def recovered(site: Site, since: datetime, *options: str) -> dict[str, Any]:
    code, out, words = await docuvault(site.stack, "recover", "--since", since.isoformat(), "--json", *options)
    assert code == 0, words
    found: dict[str, Any] = json.loads(out)
    return found


async def stop_services(site: Site) -> None:
    """As soon as all that was asked is said: what an outbox still holds, a restore loses."""
    async with open_eyes(site) as eyes:

        async def waiting() -> int:
            return await eyes.kept("upload") + await eyes.kept("quota")

        await eventually(waiting, becomes=0)
    await site.processes.stop(*site.processes.services())


async def start_services(site: Site) -> None:
    await site.processes.start(*site.processes.services())
    await site.processes.ready()


async def test_whatever_clients_did_since_the_backup_is_as_they_were_told(site: Site, backups: Backups) -> None:
    load = Load(site.api, Plan(users=6, uploads=14, seed=51, kinds=MIXED, pause=0.05))
    running = asyncio.create_task(load.run())
    await load.has_put(20)
    since = await backups.make()
    await running
    assert load.puts() > 40
    await stop_services(site)
    await backups.restore()
    found = await recovered(site, since)
    assert found["ledger"]["decisions"] > 0
    assert found["documents"]["documents"] > 0
    assert found["documents"]["nameless"] == 0
    await start_services(site)
    await assert_at_rest(site, load)


async def kill_services(site: Site) -> None:
    """All at once, in the middle of whatever they do; at a moment at which nothing waits in an outbox to be said."""
    names = site.processes.services()
    pids = [await site.processes.pid(name) for name in names]
    async with open_eyes(site) as eyes:
        while True:
            await freeze(*pids)
            if await eyes.kept("upload") + await eyes.kept("quota") == 0:
                break
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(0.05)
    for name in names:  # so that none is started again
        await asyncio.to_thread(site.stack.supervisor.stop, name, wait=False)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


async def until_recovered(site: Site, since: datetime) -> dict[str, Any]:
    """Who was killed is a member of its group for a while."""
    end = time.monotonic() + 60
    while True:
        code, out, words = await docuvault(site.stack, "recover", "--since", since.isoformat(), "--json")
        if code == 0:
            found: dict[str, Any] = json.loads(out)
            return found
        assert "members" in words, words
        assert time.monotonic() < end


async def test_clients_that_go_on_meanwhile_are_told_nothing_but_the_truth(site: Site, backups: Backups) -> None:
    load = Load(site.api, Plan(users=6, uploads=40, seed=52, kinds=MIXED, pause=0.05))
    running = asyncio.create_task(load.run())
    await load.has_put(20)
    since = await backups.make()
    await load.has_put(40)
    await kill_services(site)
    await backups.restore()
    found = await until_recovered(site, since)
    assert found["ledger"]["decisions"] > 0
    await start_services(site)
    await load.has_put(10)
    load.stop()
    await running
    await assert_at_rest(site, load)


async def test_the_last_bytes_limits_and_users_of_the_lost_minute_are_kept(site: Site, backups: Backups) -> None:
    admin = site.api.stranger("admin")
    tight, raised, lowered = [await site.api.user(100) for _ in range(3)]
    old = await lowered.store(b"x" * 40)
    since = await backups.make()
    winner, losers = await _race(tight)
    assert (await admin.set_limit(raised.user_id, 500)).status == 200
    large = await raised.store(b"y" * 400)
    assert (await admin.set_limit(lowered.user_id, 10)).status == 200
    refused = await lowered.put_new(b"z" * 11)
    assert (await lowered.confirm(refused.document_id)).status == 413
    newcomer = site.api.bearer(access_token(site.info, user_id := uuid4()), user_id)
    await register(site.info, UUID(str(user_id)), 1000)
    theirs = await newcomer.store(b"n" * 900)
    await stop_services(site)
    await backups.restore()
    await recovered(site, since)
    await start_services(site)
    assert (await tight.confirm(winner.document_id)).status == 200
    assert {(await tight.confirm(each.document_id)).status for each in losers} == {413}
    assert await site.bucket.of(tight.user_id) == {winner.key}
    assert (await raised.confirm(large.document_id)).status == 200
    assert (await raised.quota()).body == {"used_bytes": 400, "limit_bytes": 500}
    assert (await lowered.quota()).body == {"used_bytes": 40, "limit_bytes": 10}
    assert (await lowered.confirm(refused.document_id)).status == 413
    assert (await lowered.confirm(old.document_id)).status == 200
    assert (await newcomer.confirm(theirs.document_id)).status == 200
    assert (await newcomer.quota()).body == {"used_bytes": 900, "limit_bytes": 1000}
    await assert_at_rest(site)


async def _race(client: Client) -> tuple[Any, list[Any]]:
    """Who got the last bytes, and who did not: as in the contract, one of them only."""
    uploads = [await client.put_new(bytes([65 + number]) * 100) for number in range(4)]
    answers = await asyncio.gather(*(client.confirm(each.document_id) for each in uploads))
    [winner] = [each for each, answer in zip(uploads, answers, strict=True) if answer.status == 200]
    losers = [each for each, answer in zip(uploads, answers, strict=True) if answer.status == 413]
    assert len(losers) == 3
    return winner, losers


async def test_of_what_was_uploaded_after_the_backup_the_name_alone_is_lost(site: Site, backups: Backups) -> None:
    client = await site.api.user()
    since = await backups.make()
    upload = await client.store(b"data", filename="Ünïcödé 文件.pdf")
    waiting = await client.begin("not put yet.txt")
    gone = await client.store(b"gone")
    await client.delete(gone.document_id)
    await stop_services(site)
    await backups.restore()
    await recovered(site, since)
    async with open_eyes(site) as eyes:  # before anybody could see it again
        assert await eyes.rows("upload.documents", client.user_id, "reason = 'document_deleted'") == 1
    await start_services(site)
    assert (await client.get(upload.document_id)).body["filename"] == "unnamed.pdf"
    assert await client.status_of(waiting) == "pending"
    assert await client.status_of(gone) == 404
    assert await client.put(waiting, b"now") == 200
    assert (await client.confirm(waiting.document_id)).status == 200
    await assert_at_rest(site)


async def test_a_dry_run_tells_the_same_and_changes_nothing_and_repeating_it_neither(
    site: Site, backups: Backups
) -> None:
    client = await site.api.user()
    since = await backups.make()
    await client.store(b"data")
    await stop_services(site)
    await backups.restore()
    tried = await recovered(site, since, "--dry-run")
    done = await recovered(site, since)
    assert {**tried, "dry_run": False} == done
    assert done["documents"]["documents"] >= 1
    again = await recovered(site, since)
    assert again["ledger"] == {"decisions": 0, "keys": 0, "accounts": 0, "limits": 0, "missing": 0}
    assert (again["documents"]["documents"], again["documents"]["tombstones"]) == (0, 0)
    assert sum(len(moves) for moves in again["heard_again"].values()) == 0
    await start_services(site)
    await assert_at_rest(site)


async def test_while_anybody_works_it_is_refused_in_a_line_and_nothing_happens(site: Site) -> None:
    code, out, words = await docuvault(site.stack, "recover", "--since", "5m")
    assert (code, out) == (2, "")
    [line] = words.splitlines()
    assert "stop all services first" in line
    assert "group quota has 1 members" in line
    assert "role upload has" in line


async def test_a_moment_that_is_too_late_is_corrected_by_what_the_backup_holds(site: Site, backups: Backups) -> None:
    client = await site.api.user()
    await backups.make()
    stored = await client.store(b"data")
    await stop_services(site)
    await backups.restore()
    code, out, words = await docuvault(site.stack, "recover", "--since", "0s", "--margin", "1s", "--json")
    assert code == 0, words
    assert json.loads(out)["documents"]["documents"] >= 1
    await start_services(site)
    assert (await client.confirm(stored.document_id)).status == 200
    await assert_at_rest(site)
