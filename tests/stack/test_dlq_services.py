"""Replays to the services: what failed for a bug is applied once, what was decided before changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.structs import TopicPartition
from docuvault_contracts import topics

from deploy.local.setup_kafka import setup_kafka
from deploy.local.stack import Stack
from deploy.ops.audit_servers import OPTIONAL, READERS
from deploy.ops.kafka import open_kafka
from services.chassis.deadletters import DeadLetter
from services.chassis.delivery import Record
from tests.faults.test_replays import TABLES
from tests.stack.support.api import Api, Client
from tests.stack.support.bucket import Bucket, open_bucket
from tests.stack.support.console import bury, docuvault
from tests.stack.support.leaks import HandedOut
from tests.stack.support.rest import assert_clean
from tests.stack.support.waiting import eventually

DATA = b"to be paid for once"
BUG = """
CREATE FUNCTION quota.bug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no such version'; END $$;
CREATE TRIGGER bug BEFORE INSERT ON quota.reservations
FOR EACH ROW WHEN (NEW.user_id = '{user}') EXECUTE FUNCTION quota.bug()
"""
MENDED = "DROP FUNCTION IF EXISTS quota.bug CASCADE"


@pytest.fixture
async def user(stack: Stack) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield await Api(session, stack.info, HandedOut()).user()


@pytest.fixture
async def bucket(stack: Stack) -> AsyncIterator[Bucket]:
    async with open_bucket(stack.info) as bucket:
        yield bucket


@asynccontextmanager
async def superuser(stack: Stack) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(stack.info.databases["postgres"])
    try:
        yield connection
    finally:
        await connection.close()


async def rows(stack: Stack) -> dict[str, set[tuple[object, ...]]]:
    async with superuser(stack) as database:
        return {
            table: {tuple(row.values()) for row in await database.fetch(f"SELECT {columns} FROM {table}")}  # noqa: S608
            for table, columns in TABLES.items()
        }


async def listed(stack: Stack, *arguments: str) -> list[dict[str, Any]]:
    ran = await docuvault(stack, "dlq", "list", "--each", "--json", *arguments)
    assert ran.code == 0, ran
    found: list[dict[str, Any]] = ran.json["letters"]
    return found


async def test_an_upload_that_a_bug_kept_from_being_paid_for_is_paid_for_once_when_the_bug_is_gone(
    stack: Stack, user: Client
) -> None:
    marked = ("--group", "quota", "--reason", "no such version")
    async with superuser(stack) as database:
        await database.execute(BUG.format(user=user.user_id))
        try:
            upload = await user.put_new(DATA)
            await eventually(lambda: count(listed(stack, *marked)), becomes=1)
            assert await user.used_bytes() == 0
        finally:
            await database.execute(MENDED)
    (letter,) = await listed(stack, *marked)
    shown = await docuvault(stack, "dlq", "show", letter["id"])
    assert upload.key.rpartition("/")[2] in shown.out
    ran = await docuvault(stack, "dlq", "replay", *marked, "--why", "mended")
    assert (ran.code, ran.lines[-1]) == (0, "1 replayed and read"), ran
    await eventually(lambda: user.status_of(upload), becomes="uploaded")
    assert await user.used_bytes() == len(DATA)
    before = await rows(stack)
    for _ in range(2):
        assert (await docuvault(stack, "dlq", "replay", letter["id"], "--again")).code == 0
    assert await user.used_bytes() == len(DATA)
    assert await rows(stack) == before
    assert await listed(stack, *marked) == []


async def test_a_crash_between_the_replay_and_its_journal_only_repeats_the_replay(stack: Stack, user: Client) -> None:
    marked = ("--group", "quota", "--reason", "no such version")
    async with superuser(stack) as database:
        await database.execute(BUG.format(user=user.user_id))
        try:
            upload = await user.put_new(DATA)
            await eventually(lambda: count(listed(stack, *marked)), becomes=1)
        finally:
            await database.execute(MENDED)
    async with journal_takes(stack, 1):
        ran = await docuvault(stack, "dlq", "replay", *marked)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran
    assert ran.err.startswith("docuvault: what was done cannot be noted in dlq.journal: MessageSizeTooLargeError")
    await eventually(lambda: user.status_of(upload), becomes="uploaded")
    before = await rows(stack)
    assert len(await listed(stack, *marked)) == 1
    ran = await docuvault(stack, "dlq", "replay", *marked)
    assert (ran.code, ran.lines[-1]) == (0, "1 replayed and read"), ran
    assert await rows(stack) == before
    assert await user.used_bytes() == len(DATA)


@asynccontextmanager
async def journal_takes(stack: Stack, largest: int) -> AsyncIterator[None]:
    """Inside, the journal refuses what is larger, bytes."""
    name, kind = topics.DEAD_LETTER_JOURNAL.name, ConfigResourceType.TOPIC
    admin = AIOKafkaAdminClient(**stack.info.kafka)
    await admin.start()
    await admin.alter_configs([ConfigResource(kind, name, {"max.message.bytes": str(largest)})])
    try:
        yield
    finally:
        await admin.close()
        await setup_kafka(stack.info.kafka)


async def count(found: Any) -> int:
    return len(await found)


async def test_a_replay_of_all_that_was_decided_before_changes_nothing(
    stack: Stack, user: Client, bucket: Bucket
) -> None:
    kept, gone = await user.store(DATA), await user.store(b"to be deleted")
    replaced = await user.put_new(b"short")
    assert (await user.confirm(replaced.document_id)).status == 200
    assert await user.put(replaced, b"longer than before") == 200
    assert (await user.delete(gone.document_id)).status == 204
    await assert_clean(stack.info, 60)
    before, keys = await rows(stack), await bucket.of(user.user_id)
    ids = {group: await ids_said(stack, group) for group in READERS.keys() - OPTIONAL}
    mark = f"handler: a test of {kept.document_id}"
    for group, read in ((group, READERS[group]) for group in ids):
        records = [record for topic in read for record in await about(stack, topic, user)]
        assert records
        await bury(stack, group, *(DeadLetter(record, "handler", mark) for record in records))
    ran = await docuvault(stack, "dlq", "replay", "--reason", mark)
    assert ran.code == 0, ran
    assert "came back" not in ran.out
    await assert_clean(stack.info, 60)
    assert await rows(stack) == before
    assert await bucket.of(user.user_id) == keys
    assert await user.used_bytes() == len(DATA) + len(b"longer than before")
    for group, said in ids.items():
        assert set(await ids_said(stack, group)) == set(said), f"{group} said what it had never said before"


async def about(stack: Stack, topic: topics.Topic, user: Client) -> list[Record]:
    """All records of a topic that speak of a user."""
    spoken = str(user.user_id).encode()
    return [each for each in await all_of(stack, topic.name) if spoken in (each.value or b"")]


async def all_of(stack: Stack, topic: str) -> list[Record]:
    async with open_kafka(stack.info.kafka) as kafka:
        found: list[Record] = []
        for at, (first, end) in (await kafka.bounds([topic])).items():
            found += [each async for each in kafka.records(TopicPartition(at.topic, at.partition), first, end)]
        return found


async def ids_said(stack: Stack, service: str) -> list[bytes]:
    """The event ids of all that a service ever said."""
    said = {"upload": topics.DOCUMENTS, "quota": topics.QUOTA, "janitor": topics.STORAGE_JANITOR}[service]
    return [dict(each.headers).get("ce_id") or b"" for each in await all_of(stack, said.name)]


async def test_a_hundred_at_once_that_a_bug_kept_back_are_each_paid_for_once(stack: Stack, user: Client) -> None:
    async with superuser(stack) as database:
        await database.execute(BUG.format(user=user.user_id))
        try:
            uploads = await asyncio.gather(*(user.put_new(DATA) for _ in range(100)))
            marked = ("--group", "quota", "--reason", "no such version")
            await eventually(lambda: count(listed(stack, *marked)), becomes=100)
        finally:
            await database.execute(MENDED)
    ran = await docuvault(stack, "dlq", "replay", *marked)
    assert (ran.code, ran.lines[-1]) == (0, "100 replayed and read"), ran
    for upload in uploads:
        await eventually(lambda upload=upload: user.status_of(upload), becomes="uploaded")  # type: ignore[misc]
    assert await user.used_bytes() == 100 * len(DATA)
