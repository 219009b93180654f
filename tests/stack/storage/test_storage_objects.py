"""Objects on a real MinIO, as the services use them: each with its own key and no more rights than it has."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession

from services.chassis.errors import Transient
from services.chassis.storage import ObjectChangedError, ObjectHead, ObjectNotFoundError
from services.chassis.storage_minio import MinioStorage, open_storage
from tests.stack.minio_alone import BUCKET, MinioAlone, Sink, new_key, read, settings_for

NS_PER_MS = 1_000_000


async def test_what_was_put_is_read_back(storage: MinioStorage) -> None:
    for data in (b"", b"bytes", bytes(range(256)) * 3000):
        key = new_key(".pdf")
        await storage.put_object(key, data, "application/pdf")
        assert await read(storage, key) == data


async def test_a_large_object_is_one_put_with_one_etag(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, bytes(11 * 1024 * 1024))
    stat = await storage.stat_object(key)
    assert stat is not None
    assert (stat.size, "-" in stat.etag) == (11 * 1024 * 1024, False)


async def test_a_read_stops_at_its_limit(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"x" * 5_000_000)
    for limit in (1, 65_536, 65_537, 200_000):
        assert len(await read(storage, key, limit)) == limit


async def test_a_reader_may_leave_early_and_leaves_nothing_open(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"x" * 5_000_000)
    for _ in range(5):
        async with storage.get_object(key) as chunks:
            assert await anext(chunks)
    assert await storage.stat_object(key)


async def test_the_head_of_an_object_is_as_long_as_asked_for_and_has_the_type_that_its_client_told(
    minio: MinioAlone, storage: MinioStorage
) -> None:
    key = new_key(".md")
    await storage.put_object(key, b"hello world", "text/markdown; charset=utf-8")
    etag = hashlib.md5(b"hello world", usedforsecurity=False).hexdigest()
    async with open_storage(settings_for(minio, "classifier")) as classifiers:
        for most in (1, 5, 11, 5_000_000):
            head = await classifiers.read_head(key, most, etag)
            assert head == ObjectHead(b"hello world"[:most], "text/markdown; charset=utf-8")


async def test_the_head_of_a_large_object_is_read_and_no_more(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"x" * 9_000_000)
    stat = await storage.stat_object(key)
    assert stat is not None
    for most in (65_537, 5_000_000, 16_000_000):
        assert len((await storage.read_head(key, most, stat.etag)).data) == min(most, 9_000_000)


async def test_the_head_of_an_empty_object_is_empty(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"")
    stat = await storage.stat_object(key)
    assert stat is not None
    assert (await storage.read_head(key, 100, stat.etag)).data == b""


async def test_the_head_of_an_object_that_was_overwritten_or_is_gone_is_refused_by_name(storage: MinioStorage) -> None:
    key = new_key()
    with pytest.raises(ObjectNotFoundError):
        await storage.read_head(key, 100, "e")
    for data in (b"others", b""):
        await storage.put_object(key, data)
        with pytest.raises(ObjectChangedError):
            await storage.read_head(key, 100, "e")


async def test_reading_what_is_not_there_says_so(storage: MinioStorage) -> None:
    with pytest.raises(ObjectNotFoundError):
        await read(storage, new_key())


async def test_an_object_that_claims_to_be_packed_is_read_as_it_is_stored(storage: MinioStorage) -> None:
    key = new_key()
    url = await storage.generate_presigned_put_url(key)
    async with ClientSession() as browser:
        assert (await browser.put(url, data=b"no gzip", headers={"Content-Encoding": "gzip"})).status == 200
    assert await read(storage, key) == b"no gzip"


async def test_a_stat_tells_size_etag_and_time(storage: MinioStorage) -> None:
    key, before = new_key(), time.time_ns()
    await storage.put_object(key, b"hello")
    stat = await storage.stat_object(key)
    assert stat is not None
    assert (stat.size, stat.etag) == (5, "5d41402abc4b2a76b9719d911017c592")
    assert before <= stat.observed_ns < time.time_ns() + NS_PER_MS


async def test_a_stat_is_in_the_ms_of_the_notification_and_never_before_it(
    storage: MinioStorage, servers: tuple[MinioAlone, Sink]
) -> None:
    key, sink = new_key(), servers[1]
    await storage.put_object(key, b"hello")
    stat = await storage.stat_object(key)
    told = await asyncio.to_thread(sink.wait_for, key.split("/")[-1])
    sequencer = int(told["s3"]["object"]["sequencer"], 16)
    assert stat is not None
    assert 0 <= stat.observed_ns - sequencer < NS_PER_MS
    assert stat.observed_ns % NS_PER_MS == NS_PER_MS - 1


async def test_a_longer_key_is_another_object(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(f"{key}.pdf", b"longer")
    await storage.put_object(f"{key}/inside", b"deeper")
    assert await storage.stat_object(key) is None
    await storage.put_object(f"{key}0", b"exact")
    assert (await storage.stat_object(f"{key}0")) is not None


@pytest.mark.parametrize("ext", [".p df", ".+%", ".äß", ".a&b=c", ".日本", ".<x>", ".%2F"])
async def test_keys_with_odd_extensions_are_found(storage: MinioStorage, janitors: MinioStorage, ext: str) -> None:
    key = new_key(ext)
    url = await storage.generate_presigned_put_url(key)
    async with ClientSession() as browser:
        assert (await browser.put(url, data=b"odd")).status == 200
    assert await storage.stat_object(key) is not None
    assert await read(storage, key) == b"odd"
    await janitors.delete_object(key)
    assert await storage.stat_object(key) is None


async def test_a_stat_sees_the_object_that_replaced_another(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"first")
    first = await storage.stat_object(key)
    await asyncio.sleep(0.01)
    await storage.put_object(key, b"second!")
    second = await storage.stat_object(key)
    assert first is not None
    assert second is not None
    assert (second.size, second.etag != first.etag, second.observed_ns > first.observed_ns) == (7, True, True)


async def test_deleting_twice_is_deleting_once(storage: MinioStorage, janitors: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"hello")
    await janitors.delete_object(key)
    assert await storage.stat_object(key) is None
    await janitors.delete_object(key)


@pytest.mark.parametrize("extra", [250, 900])
async def test_a_name_that_the_store_cannot_hold_is_the_name_of_nothing(
    storage: MinioStorage, janitors: MinioStorage, extra: int
) -> None:
    """A forged notification names it; the janitor was told to remove it, and could not, for ever."""
    key = f"{uuid4()}/{uuid4()}/{uuid4()}." + "x" * extra
    await janitors.delete_object(key)
    assert await storage.stat_object(key) is None
    with pytest.raises(ObjectNotFoundError):
        async with storage.get_object(key):
            pass


async def test_what_a_services_key_may_not_do_is_refused_by_name(
    minio: MinioAlone, storage: MinioStorage, janitors: MinioStorage
) -> None:
    key = new_key()
    await storage.put_object(key, b"hello")
    with pytest.raises(Transient, match="AccessDenied"):
        await storage.delete_object(key)
    with pytest.raises(Transient, match="AccessDenied"):
        await janitors.put_object(key, b"changed")
    async with open_storage(settings_for(minio, "audit")) as audits:
        assert await audits.stat_object(key)
        with pytest.raises(Transient, match="AccessDenied"):
            await read(audits, key)


async def test_a_wrong_secret_drops_no_work(minio: MinioAlone) -> None:
    async with open_storage(settings_for(minio, "upload", minio_secret_key="wrong")) as wrong:
        with pytest.raises(Transient, match="SignatureDoesNotMatch"):
            await wrong.stat_object(new_key())


async def test_the_health_check_wants_our_bucket(minio: MinioAlone, storage: MinioStorage) -> None:
    await storage.health_check()
    async with open_storage(settings_for(minio, "upload", minio_bucket="another")) as other:
        with pytest.raises(Exception, match=r"another|AccessDenied"):
            await other.health_check()


async def test_a_stat_takes_not_much_longer_than_the_head_it_replaces(minio: MinioAlone, storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"hello")

    async def median(call: Any) -> float:
        took = []
        for _ in range(50):
            began = time.perf_counter()
            await call()
            took.append(time.perf_counter() - began)
        return sorted(took)[25]

    async with minio.root() as client:
        head = await median(lambda: client.stat_object(BUCKET, key))
    assert await median(lambda: storage.stat_object(key)) < 3 * head + 0.002
