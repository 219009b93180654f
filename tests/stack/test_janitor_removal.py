"""What has to go goes, on a real PostgreSQL and a real MinIO, and nothing else does."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import asyncpg
import pytest
from docuvault_contracts.cloudevents import Message, decode
from miniopy_async.api import Minio

from deploy.local.info import StackInfo
from deploy.local.stack import Stack
from services.chassis.delivery import Delivery, Origin
from services.chassis.errors import Transient
from services.chassis.migrations import migrate
from services.chassis.postgres import open_pool
from services.chassis.storage_minio import open_storage
from services.janitor.decide import Fact
from services.janitor.handler import JanitorHandler
from services.janitor.removal import Remover
from services.janitor.settings import Settings
from services.janitor.store import PgObjects
from tests.stack.support.provider import provided
from tests.stack.support.uploads import NOW, Upload

_offsets = count()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without services, of this module's own."""
    stack = provided(tmp_path_factory.mktemp("stack"), services=False)
    try:
        stack.up()
        yield stack
    finally:
        stack.reset()


def settings_of(info: StackInfo) -> Settings:
    key = info.store_keys["janitor"]
    return Settings.model_validate(
        {
            "database_url": info.databases["janitor"],
            "minio_endpoint": info.minio_endpoint,
            "minio_access_key": key.access_key,
            "minio_secret_key": key.secret_key,
            "minio_connect_timeout_seconds": 1,
        }
    )


@dataclass(frozen=True)
class Janitor:
    """A janitor without Kafka, and hands on the store that it does not have itself."""

    pool: asyncpg.Pool[asyncpg.Record]
    objects: PgObjects
    remover: Remover
    handler: JanitorHandler
    client: Minio
    bucket: str

    async def put(self, upload: Upload) -> None:
        await self.client.put_object(self.bucket, upload.key, io.BytesIO(b"12345"), 5)

    async def holds(self, upload: Upload) -> bool:
        return [found.object_name async for found in self.client.list_objects(self.bucket, upload.key)] == [upload.key]

    async def state(self, upload: Upload) -> str:
        return str(await self.pool.fetchval("SELECT state FROM objects WHERE object_key = $1", upload.key))


@pytest.fixture
async def janitor(stack: Stack) -> AsyncIterator[Janitor]:
    async with running(stack.info) as janitor:
        yield janitor


@asynccontextmanager
async def running(info: StackInfo) -> AsyncIterator[Janitor]:
    settings, root = settings_of(info), info.store_keys["root"]
    async with open_pool(settings) as pool, open_storage(settings) as storage:
        await migrate(pool, "services.janitor")
        objects = PgObjects(pool, settings.patience)
        remover = Remover(objects, storage, at_once=100)
        handler = JanitorHandler(objects, remover)
        async with Minio(
            info.minio_endpoint, root.access_key, root.secret_key, region=info.minio_region, secure=False
        ) as client:
            yield Janitor(pool, objects, remover, handler, client, info.bucket)


def batch(*facts: Fact) -> list[Delivery[Fact]]:
    return [Delivery(fact, Origin("quota", 0, next(_offsets))) for fact in facts]


def ids(messages: Sequence[Message]) -> list[str]:
    return [decode(message.headers, message.value).id for message in messages]


async def test_a_refused_upload_leaves_no_bytes(janitor: Janitor) -> None:
    upload = Upload.fresh()
    await janitor.put(upload)
    messages = await janitor.handler.handle(batch(upload.rejected()))
    assert not await janitor.holds(upload)
    assert [message.topic for message in messages] == ["storage.janitor"]
    assert await janitor.state(upload) == "removed"


async def test_a_deleted_document_loses_its_object_before_the_ledger_speaks(janitor: Janitor) -> None:
    upload = Upload.fresh()
    await janitor.put(upload)
    assert len(await janitor.handler.handle(batch(upload.deleted()))) == 1
    assert not await janitor.holds(upload)


async def test_an_object_that_is_gone_already_is_removed_all_the_same(janitor: Janitor) -> None:
    assert len(await janitor.handler.handle(batch(Upload.fresh().rejected()))) == 1


async def test_what_is_paid_for_is_not_touched(janitor: Janitor) -> None:
    upload = Upload.fresh()
    await janitor.put(upload)
    assert await janitor.handler.handle(batch(upload.reserved(2), upload.rejected(1))) == []
    assert await janitor.handler.handle(batch(upload.rejected(1))) == []
    assert await janitor.holds(upload)
    assert await janitor.state(upload) == "keep"


async def test_an_order_that_another_replicas_newer_reservation_has_overtaken_touches_nothing(janitor: Janitor) -> None:
    upload = Upload.fresh()
    await janitor.put(upload)
    [order] = await janitor.objects.learn([upload.rejected(1)], NOW)
    await janitor.objects.learn([upload.reserved(2)], NOW)

    assert await janitor.remover.remove([order]) == []
    assert await janitor.holds(upload)


async def test_a_redelivered_batch_says_the_same_under_the_same_id(janitor: Janitor) -> None:
    refused, deleted = Upload.fresh(), Upload.fresh()
    facts = batch(refused.rejected(), deleted.reserved(), deleted.deleted())
    first = await janitor.handler.handle(facts)
    assert await janitor.handler.handle(facts) == first
    assert len(set(ids(first))) == 2


async def test_a_deletion_and_its_release_are_one_event_in_either_order(janitor: Janitor) -> None:
    for first, second in ("deleted", "released"), ("released", "deleted"):
        upload = Upload.fresh()
        await janitor.handler.handle(batch(upload.reserved()))
        said = await janitor.handler.handle(batch(getattr(upload, first)()))
        await janitor.put(upload)
        assert await janitor.handler.handle(batch(getattr(upload, second)())) == said
        assert not await janitor.holds(upload)


async def test_another_replica_that_takes_the_batch_over_says_the_same(stack: Stack, janitor: Janitor) -> None:
    facts = batch(Upload.fresh().rejected())
    first = await janitor.handler.handle(facts)
    async with running(stack.info) as other:
        assert await other.handler.handle(facts) == first


async def test_bytes_that_arrive_after_the_removal_go_with_the_next_refusal(janitor: Janitor) -> None:
    upload = Upload.fresh()
    first = await janitor.handler.handle(batch(upload.rejected(1)))
    await janitor.put(upload)
    second = await janitor.handler.handle(batch(upload.rejected(2)))
    assert not await janitor.holds(upload)
    assert ids(first) != ids(second)


async def test_a_late_reservation_of_a_deleted_document_does_not_bring_it_back(janitor: Janitor) -> None:
    upload = Upload.fresh()
    await janitor.handler.handle(batch(upload.deleted()))
    await janitor.put(upload)
    await janitor.handler.handle(batch(upload.reserved(1)))
    assert not await janitor.holds(upload)
    await janitor.handler.handle(batch(upload.released(2)))
    assert await janitor.state(upload) == "removed"


async def test_a_batch_of_five_hundred_is_removed_whole(janitor: Janitor) -> None:
    uploads = [Upload.fresh() for _ in range(500)]
    await asyncio.gather(*(janitor.put(upload) for upload in uploads[:100]))
    messages = await janitor.handler.handle(batch(*(upload.rejected() for upload in uploads)))
    assert len(set(ids(messages))) == 500
    assert not any(await asyncio.gather(*(janitor.holds(upload) for upload in uploads[:100])))


async def test_two_replicas_that_hear_of_the_same_keys_at_once_agree(janitor: Janitor) -> None:
    """A key's decisions and its deletion travel in two topics, so two replicas may hold them in opposite orders."""
    for _round in range(4):  # in the first of them one has yet to connect
        uploads = [Upload.fresh() for _ in range(100)]
        reserved: list[Fact] = [upload.reserved() for upload in uploads]
        deleted: list[Fact] = [upload.deleted() for upload in reversed(uploads)]
        await asyncio.gather(janitor.objects.learn(reserved, NOW), janitor.objects.learn(deleted, NOW))
        keys = [upload.key for upload in uploads]
        found = await janitor.pool.fetch(
            "SELECT version, state, deleted FROM objects WHERE object_key = ANY ($1)", keys
        )
        assert [tuple(row) for row in found] == [(1, "remove", True)] * 100


async def test_a_store_that_is_away_delays_and_drops_nothing(stack: Stack, janitor: Janitor) -> None:
    uploads = [Upload.fresh() for _ in range(40)]
    for upload in uploads:
        await janitor.put(upload)
    facts = batch(*(upload.rejected() for upload in uploads))
    await asyncio.to_thread(stack.supervisor.stop, "minio")
    try:
        with pytest.raises(Transient):
            await janitor.handler.handle(facts)
        assert await janitor.state(uploads[0]) == "remove"
    finally:
        await asyncio.to_thread(stack.up)
    assert len(await janitor.handler.handle(facts)) == 40
    assert not any([await janitor.holds(upload) for upload in uploads])


async def test_a_database_that_restarts_delays_and_drops_nothing(stack: Stack, janitor: Janitor) -> None:
    upload = Upload.fresh()
    await asyncio.to_thread(stack.supervisor.stop, "postgres")
    try:
        with pytest.raises(Transient):
            await janitor.handler.handle(batch(upload.rejected()))
    finally:
        await asyncio.to_thread(stack.up)
    assert len(await janitor.handler.handle(batch(upload.rejected()))) == 1
