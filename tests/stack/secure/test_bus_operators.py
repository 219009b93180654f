"""What operators put right, on a stack whose Kafka and PostgreSQL want to know who they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from confluent_kafka.admin import AdminClient
from docuvault_contracts.topics import CHANGES, GROUPS

from deploy.access import OPERATORS
from deploy.local.stack import Stack
from services.chassis.delivery import Record
from tests.faults.support.processes import Processes
from tests.stack.secure.accounts import GUESTS
from tests.stack.secure.test_bus_commands import registration
from tests.stack.support.api import Api
from tests.stack.support.bucket import open_bucket
from tests.stack.support.console import bury, dead, docuvault
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually

pytestmark = pytest.mark.timeout(180)


async def test_the_audit_mends_a_total_and_tells_the_ledger_of_what_is_gone(stack: Stack, api: Api) -> None:
    user = await api.user()
    kept, gone = await user.store(b"kept", "kept.txt"), await user.store(b"gone", "gone.txt")
    database = await asyncpg.connect(stack.info.databases["postgres"])
    try:
        async with database.transaction():
            await database.execute("SET LOCAL session_replication_role = replica")
            await database.execute("UPDATE quota.accounts SET used_bytes = 7 WHERE user_id = $1", user.user_id)
        async with open_bucket(stack.info) as bucket, bucket.silent():
            await bucket.remove(gone.key)
    finally:
        await database.close()
    assert (await docuvault(stack, "audit")).code == 1
    mended = await docuvault(stack, "audit", "--fix")
    assert (mended.code, mended.err) == (0, ""), mended
    assert await user.used_bytes() == len(b"kept")
    assert [await user.status_of(each) == 404 for each in (kept, gone)] == [False, True]


async def test_a_walk_shows_what_is_nobodys_and_removes_it_where_that_is_asked_for(stack: Stack) -> None:
    async with open_bucket(stack.info) as bucket:
        await bucket.put(foreign := "nobody/knows/this", b"x")
        shown = await docuvault(stack, "reconcile", "--dry-run", "--json")
        assert (shown.code, foreign in shown.out) == (1, True), shown
        walked = await docuvault(stack, "reconcile", "--ask-all", "--remove-foreign", "--json")
        assert (walked.code, json.loads(walked.lines[-1])["removed"]) == (0, 1), walked
        assert not await bucket.holds(foreign)


async def test_a_dead_letter_is_discarded_and_replayed_all_the_same(stack: Stack) -> None:
    message = registration(uuid4())
    record = Record(message.topic, 0, 0, message.key, message.value, tuple(message.headers), 0)
    [letter] = await bury(stack, "quota", dead(record))
    assert (await docuvault(stack, "dlq", "discard", letter, "--why", "a test")).code == 0
    assert letter not in (await docuvault(stack, "dlq", "list", "--each")).out
    replayed = await docuvault(stack, "dlq", "replay", letter, "--again")
    assert (replayed.code, replayed.lines[-1]) == (0, "1 replayed and read"), replayed


async def unwell(stack: Stack) -> list[str]:
    """Services in containers have no ports of their own to be asked on: the stack tells, of either kind."""
    return [one.name for one in await asyncio.to_thread(stack.health) if one.reason]


@asynccontextmanager
async def at_rest(stack: Stack) -> AsyncIterator[None]:
    """Inside no service runs; when it is left all do, and everything is clean."""
    processes = Processes(stack)
    names = processes.services()
    async with processes.without(*names):
        yield
    await eventually(lambda: unwell(stack), becomes=[], within=60)
    await assert_clean(stack.info, 60)


async def test_groups_are_moved_and_a_restored_database_is_brought_up_to_date(stack: Stack, api: Api) -> None:
    user = await api.user()
    stored = await user.store(b"from before the restore", "notes.txt")
    await assert_clean(stack.info)
    async with at_rest(stack):
        for group in GROUPS:
            moved = await docuvault(stack, "offsets", "--group", group, "--to", "5m", "--json")
            assert moved.code == 0, moved
        database = await asyncpg.connect(stack.info.databases["postgres"])
        await database.execute("DELETE FROM upload.documents WHERE id = $1", stored.document_id)
        await database.close()
        recovered = await docuvault(stack, "recover", "--since", "5m")
        assert (recovered.code, recovered.err) == (0, ""), recovered
    assert (await user.get(stored.document_id)).body["size_bytes"] == len(b"from before the restore")


async def test_a_client_of_others_comes_in_by_the_file_that_an_operator_has_written(
    stack: Stack, tmp_path: Path
) -> None:
    assert set((await docuvault(stack, "account", "--json")).json) == set(GUESTS)
    for name in (OPERATORS, *GUESTS):
        ran = await docuvault(stack, "account", name, "--file", str(file := tmp_path / name))
        assert (ran.code, ran.err) == (0, ""), ran
        given: dict[str, Any] = dict(line.split("=", 1) for line in file.read_text().splitlines()[1:])
        seen = await asyncio.to_thread(AdminClient(given).list_topics, timeout=20)
        assert (CHANGES.name in seen.topics) == (name == OPERATORS)
