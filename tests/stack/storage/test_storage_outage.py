"""The object storage while its MinIO is killed, frozen or starting: trouble that may pass, told in good time."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from uuid import uuid4

import pytest

from services.chassis.errors import Transient
from services.chassis.settings import StorageSettings
from services.chassis.storage import ObjectStat
from services.chassis.storage_minio import MinioStorage, open_storage
from tests.stack.minio_alone import MinioAlone, minio_alone

TIMEOUT_SECONDS = 2.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioAlone]:
    with minio_alone(tmp_path_factory.mktemp("minio")) as (alone, _):
        yield alone


@pytest.fixture
async def minio(server: MinioAlone) -> AsyncIterator[MinioAlone]:
    yield server
    server.signal(signal.SIGCONT)
    await server.ready()


def settings_for(endpoint: str, secret: str, timeout_seconds: float = TIMEOUT_SECONDS) -> StorageSettings:
    return StorageSettings(
        minio_endpoint=endpoint,
        minio_public_endpoint=endpoint,
        minio_access_key="upload",
        minio_secret_key=secret,
        minio_timeout_seconds=timeout_seconds,
        minio_connect_timeout_seconds=timeout_seconds / 2,
    )


@pytest.fixture
async def storage(minio: MinioAlone) -> AsyncIterator[MinioStorage]:
    async with open_storage(settings_for(minio.endpoint, minio.secret)) as opened:
        yield opened


async def stored(minio: MinioAlone, size: int = 5) -> str:
    """The key of an object of `size` bytes, however busy the machine is."""
    key = f"{uuid4()}/{uuid4()}/{uuid4()}"
    async with open_storage(settings_for(minio.endpoint, minio.secret, 30)) as patient:
        await patient.put_object(key, bytes(size))
    return key


async def read(storage: MinioStorage, key: str) -> None:
    async with storage.get_object(key) as chunks:
        _ = [chunk async for chunk in chunks]


async def stat_in_the_end(storage: MinioStorage, key: str) -> tuple[ObjectStat | None, int]:
    """What the store says of the object as soon as it says anything, and how often it was asked before."""
    trouble = 0
    async with asyncio.timeout(30):
        while True:
            try:
                return await storage.stat_object(key), trouble
            except Transient:
                trouble += 1
                await asyncio.sleep(0.002)


async def assert_all_transient(storage: MinioStorage, key: str) -> None:
    """Every call to the store says Transient, within its time."""
    calls: Mapping[str, Callable[[], Awaitable[object]]] = {
        "put": lambda: storage.put_object(key, b"bytes"),
        "get": lambda: read(storage, key),
        "stat": lambda: storage.stat_object(key),
        "delete": lambda: storage.delete_object(key),
        "multi-delete": lambda: storage.delete_objects([key]),
        "page": storage.list_page,
        "health": storage.health_check,
    }
    for name, call in calls.items():
        began = time.monotonic()
        with pytest.raises(Transient, match="object storage"):
            await call()
        assert time.monotonic() - began < TIMEOUT_SECONDS * 10, name  # of itself, five minutes


async def test_a_store_that_is_gone_is_transient_and_back_again_without_ado(
    minio: MinioAlone, storage: MinioStorage
) -> None:
    key = await stored(minio)
    minio.kill()
    await assert_all_transient(storage, key)
    minio.start()
    stat, _ = await stat_in_the_end(storage, key)
    assert stat is not None
    assert stat.size == 5


async def test_a_starting_store_never_says_that_an_object_is_not_there(
    minio: MinioAlone, storage: MinioStorage
) -> None:
    key = await stored(minio)
    minio.kill()
    minio.start()
    stat, trouble = await stat_in_the_end(storage, key)
    assert stat is not None
    assert trouble


async def test_a_store_that_hangs_is_transient_in_bounded_time(minio: MinioAlone, storage: MinioStorage) -> None:
    key = await stored(minio)
    minio.freeze()
    await assert_all_transient(storage, key)
    minio.signal(signal.SIGCONT)
    stat, _ = await stat_in_the_end(storage, key)
    assert stat is not None


async def test_a_stream_that_stops_flowing_is_transient(minio: MinioAlone, storage: MinioStorage) -> None:
    key = await stored(minio, 50_000_000)
    async with storage.get_object(key) as chunks:
        await anext(chunks)
        minio.freeze()
        with pytest.raises(Transient, match="object storage"):
            _ = [chunk async for chunk in chunks]


async def test_urls_are_signed_while_the_store_is_away() -> None:
    async with open_storage(settings_for("127.0.0.1:1", "secret of nobody")) as away:
        key = f"{uuid4()}/{uuid4()}/{uuid4()}.pdf"
        put, get = await away.generate_presigned_put_url(key), await away.presigned_get_url(key)
    assert all(key in url and "X-Amz-Signature=" in url for url in (put, get))
