"""The audit on real servers, with real rows and objects: clean where all agrees, each injected difference found."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from hashlib import md5
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from docuvault_contracts.keys import make_key
from miniopy_async.api import Minio

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from deploy.ops.audit import audit, main, settled
from deploy.ops.audit_model import Check, Report
from services.chassis.migrations import migrate
from services.chassis.postgres import open_pool
from services.chassis.settings import DatabaseSettings

HOUR_AND_A_BIT = "now() - interval '61 minutes'"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without services, of this module's own, with the services' tables."""
    stack = Stack.on_free_ports(tmp_path_factory.mktemp("stack"), services=False)
    try:
        stack.up()
        asyncio.run(prepare(stack.info))
        yield stack
    finally:
        stack.reset()


async def prepare(info: StackInfo) -> None:
    """Makes the tables, and keeps the planted objects from being told to Kafka, where nobody here would read it."""
    for service in ("upload", "quota", "janitor"):
        settings = DatabaseSettings.model_validate({"database_url": info.databases[service]})
        async with open_pool(settings) as pool:
            await migrate(pool, f"services.{service}")
    async with root_of(info) as client:
        await client.delete_bucket_notification(info.bucket)


def root_of(info: StackInfo) -> Minio:
    root = info.store_keys["root"]
    return Minio(info.minio_endpoint, root.access_key, root.secret_key, region=info.minio_region, secure=False)


@dataclass(frozen=True)
class Planter:
    """Plants rows as superuser and objects as root, past every rule of the services."""

    info: StackInfo
    database: asyncpg.Connection[asyncpg.Record]
    store: Minio

    async def account(self, user: UUID, used: int, limit: int = 1000) -> None:
        await self.database.execute("INSERT INTO quota.accounts (user_id, limit_bytes) VALUES ($1, $2)", user, limit)
        await self.sql("UPDATE quota.accounts SET used_bytes = $2 WHERE user_id = $1", user, used)

    async def sql(self, statement: str, *arguments: object) -> None:
        """Runs a statement with the tables' own triggers asleep."""
        async with self.database.transaction():
            await self.database.execute("SET LOCAL session_replication_role = replica")
            await self.database.execute(statement, *arguments)

    async def put(self, key: str, data: bytes) -> None:
        await self.store.put_object(self.info.bucket, key, io.BytesIO(data), len(data))

    async def upload(self, user: UUID, data: bytes = b"12345") -> str:
        """An object that is stored, paid for and uploaded; its account is planted apart."""
        document = uuid4()
        key = str(make_key(user, document, "a.pdf"))
        await self.put(key, data)
        await self.reservation(key, user, document, data)
        await self.document(key, user, document, data)
        return key

    async def reservation(self, key: str, user: UUID, document: UUID, data: bytes) -> None:
        await self.sql(
            """INSERT INTO quota.reservations VALUES
               ($1, $2, $3, 'reserved', 1, $4, 0, 0, $5, 1, NULL, $4, 1000, now(), 'storage.events', 0, 0, 0)""",
            key, document, user, len(data), etag(data),
        )  # fmt: skip

    async def document(self, key: str, user: UUID, document: UUID, data: bytes) -> None:
        await self.sql(
            """INSERT INTO upload.documents (id, user_id, object_key, filename, content_type, created_at, updated_at,
                                             expires_at, status, size_bytes, etag, version, ruling)
               VALUES ($2, $3, $1, 'a.pdf', 'text/plain', now(), now(), now() + interval '1 minute',
                       'uploaded', $4, $5, 1, 'reserved')""",
            key, document, user, len(data), etag(data),
        )  # fmt: skip

    async def pending(self, user: UUID, created: str) -> str:
        key = str(make_key(user, document := uuid4(), "a.pdf"))
        await self.sql(
            f"""INSERT INTO upload.documents (id, user_id, object_key, filename, content_type, created_at, updated_at,
                                              expires_at)
                VALUES ($2, $3, $1, 'a.pdf', 'text/plain', {created}, now(), now() + interval '1 minute')""",  # noqa: S608
            key, document, user,
        )  # fmt: skip
        return key

    async def wipe(self) -> None:
        await self.sql("TRUNCATE upload.documents, upload.outbox, quota.outbox, janitor.objects")
        await self.sql("TRUNCATE quota.accounts, quota.reservations, quota.superseded")
        async for found in self.store.list_objects(self.info.bucket, recursive=True):
            await self.store.remove_object(self.info.bucket, found.object_name or "")


def etag(data: bytes) -> str:
    return md5(data, usedforsecurity=False).hexdigest()


@pytest.fixture
async def plant(stack: Stack) -> AsyncIterator[Planter]:
    connection = await asyncpg.connect(stack.info.databases["postgres"])
    async with root_of(stack.info) as store:
        planter = Planter(stack.info, connection, store)
        yield planter
        await planter.wipe()
    await connection.close()


def found(report: Report) -> set[tuple[Check, str | None, str | None, int | None]]:
    return {(each.check, each.user, each.key, each.bytes) for each in report.differences}


async def test_an_empty_stack_is_clean(plant: Planter) -> None:
    assert (await audit(plant.info)).clean


async def test_uploads_of_several_users_that_agree_are_clean(plant: Planter) -> None:
    users = [uuid4() for _ in range(3)]
    for user in users:
        await plant.account(user, 10)
        await plant.upload(user)
        await plant.upload(user)
        await plant.pending(user, "now()")
    report = await audit(plant.info)
    assert found(report) == set()
    assert (report.counted.users, report.counted.objects, report.counted.bytes) == (3, 6, 30)


async def test_a_drifted_total_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 6)
    await plant.upload(user)
    assert found(await audit(plant.info)) == {(Check.TOTALS, str(user), None, 1)}


async def test_an_object_without_a_document_is_found(plant: Planter) -> None:
    user = uuid4()
    key = str(make_key(user, uuid4(), "stray.bin"))
    await plant.account(user, 0)
    await plant.put(key, b"1234567")
    assert found(await audit(plant.info)) == {
        (Check.OBJECTS, str(user), key, 7),
        (Check.TOTALS, str(user), None, 7),
    }


@pytest.mark.parametrize("key", ["readme.txt", "a/b/c", "0", "zzz/é"])
async def test_an_object_under_a_foreign_key_is_found(plant: Planter, key: str) -> None:
    user = uuid4()
    await plant.account(user, 5)
    await plant.upload(user)
    await plant.put(key, b"123")
    assert found(await audit(plant.info)) == {(Check.OBJECTS, None, key, 3)}


async def test_an_object_that_is_gone_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 10)
    key, _ = await plant.upload(user), await plant.upload(user)
    await plant.store.remove_object(plant.info.bucket, key)
    assert found(await audit(plant.info)) == {
        (Check.PAID, str(user), key, 5),
        (Check.DOCUMENTS, str(user), key, 5),
        (Check.TOTALS, str(user), None, 5),
    }


async def test_an_object_that_was_replaced_unnoticed_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 5)
    key = await plant.upload(user)
    await plant.put(key, b"abcde")
    assert found(await audit(plant.info)) == {(Check.PAID, str(user), key, 0), (Check.DOCUMENTS, str(user), key, 0)}


async def test_an_object_that_nobody_decided_about_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 0)
    key = await plant.pending(user, "now()")
    await plant.put(key, b"12345")
    assert (Check.OBJECTS, str(user), key, 5) in found(await audit(plant.info))


async def test_a_document_that_nobody_pays_for_is_found(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 5)
    key = await plant.upload(user)
    await plant.sql("DELETE FROM quota.reservations")
    assert (Check.DOCUMENTS, str(user), key, 5) in found(await audit(plant.info))


async def test_a_document_pending_beyond_the_sweeps_age_is_found(plant: Planter) -> None:
    user = uuid4()
    key = await plant.pending(user, HOUR_AND_A_BIT)
    assert found(await audit(plant.info)) == {(Check.WAITING, str(user), key, 0)}
    assert (await audit(plant.info, max_pending_seconds=7200)).clean


async def test_a_reservation_that_did_not_fit_is_found_and_a_lowered_limit_is_a_note(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 5)
    key = await plant.upload(user)
    await plant.sql("UPDATE quota.accounts SET limit_bytes = 4")
    report = await audit(plant.info)
    assert report.clean
    assert "above a limit lowered to 4" in report.notes[0]
    await plant.sql("UPDATE quota.reservations SET limit_bytes = 4")
    assert found(await audit(plant.info)) == {(Check.LIMITS, str(user), key, 5)}


async def test_a_smaller_replacement_above_a_lowered_limit_is_no_overrun(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 5)
    await plant.upload(user)
    await plant.sql("INSERT INTO quota.superseded SELECT * FROM quota.reservations")
    await plant.sql("UPDATE quota.superseded SET size_bytes = 9")
    await plant.sql("UPDATE quota.reservations SET version = 2, limit_bytes = 4")
    assert (await audit(plant.info)).clean


async def test_an_event_that_has_not_left_an_outbox_is_found(plant: Planter) -> None:
    await plant.sql("INSERT INTO upload.outbox (topic, key, value, headers) VALUES ('documents', 'k', 'v', '[]')")
    report = await audit(plant.info)
    assert [each.what for each in report.differences] == ["events in the outbox of upload: 1 waiting"]


async def test_an_object_that_the_janitor_has_yet_to_remove_is_found(plant: Planter) -> None:
    await plant.sql(
        "INSERT INTO janitor.objects (object_key, document_id, user_id, state, cause) "
        "VALUES ('k', gen_random_uuid(), gen_random_uuid(), 'remove', 'quota.rejected')"
    )
    assert [each.check for each in (await audit(plant.info)).differences] == [Check.REST]


async def test_records_that_a_group_has_not_read_are_found_until_it_has(plant: Planter) -> None:
    bootstrap = plant.info.kafka_bootstrap
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        where = await producer.send_and_wait("users", b"{}", b"k")
        await producer.send_and_wait("dlq.quota", b"{}", b"k")
    report = await audit(plant.info)
    assert [each.what for each in report.differences] == ["records that group quota has not read: 1 waiting"]
    assert report.notes == ("1 records in dlq.quota",)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id="quota", enable_auto_commit=False) as consumer:
        partition = TopicPartition("users", where.partition)
        consumer.assign([partition])
        await consumer.commit({partition: where.offset + 1})
    assert (await audit(plant.info)).clean


async def test_waiting_ends_as_soon_as_all_is_decided(plant: Planter) -> None:
    user = uuid4()
    await plant.account(user, 0)
    await plant.upload(user)
    waiting = asyncio.create_task(settled(plant.info, 60))
    await asyncio.sleep(1)
    await plant.sql("UPDATE quota.accounts SET used_bytes = 5")
    async with asyncio.timeout(15):
        assert (await waiting).clean


async def test_the_command_says_each_difference_with_user_key_and_bytes(
    stack: Stack, plant: Planter, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(stack.layout.state))
    assert await asyncio.to_thread(main, []) == 0
    assert capsys.readouterr().out.endswith("clean: 0 users, 0 documents, 0 objects, 0 bytes\n")
    user = uuid4()
    key = str(make_key(user, uuid4(), "stray.bin"))
    await plant.put(key, b"1234567")
    assert await asyncio.to_thread(main, []) == 1
    assert f"user={user} key={key} bytes=7: an object without a document" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["clean"], said["checks"]["objects"], said["checks"]["rest"]) == (False, False, True)


@pytest.mark.parametrize("server", ["postgres", "minio", "kafka"])
async def test_with_a_server_away_it_says_so_in_one_line(
    stack: Stack, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    monkeypatch.setenv("STATE_DIR", str(stack.layout.state))
    await asyncio.to_thread(stack.supervisor.stop, server)
    try:
        assert await asyncio.to_thread(main, []) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("audit: ")
        assert said.err.count("\n") == 1
    finally:
        await asyncio.to_thread(stack.up)
        await prepare(stack.info)
