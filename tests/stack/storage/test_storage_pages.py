"""The listing page by page on a real MinIO: the order of the keys, hostile ones, and the store's own time."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from uuid import uuid4

from services.chassis.storage import Listed
from services.chassis.storage_minio import MinioStorage, open_storage
from tests.stack.minio_alone import MinioAlone, new_key, settings_for

NS_PER_SECOND = 1_000_000_000
HOSTILE = ("a-b", "a.b", "a/b", "a/c/d", "a/c-d", "a0", "a b", "A", "%41", "a+b", "é", "日本", "\x01", "<x>", "&amp;",
           "\ufffe", "\U0001f600", "\uffff", "a\r", "a\n")  # fmt: skip
"""As file systems and as S3 order these are two orders."""


async def walk(storage: MinioStorage, prefix: str, most: int) -> list[Listed]:
    """All objects under the prefix, in pages of `most`."""
    found: list[Listed] = []
    after, more = prefix, True
    while more and after.startswith(prefix):
        page = await storage.list_page(after, most)
        found += page.objects
        after, more = page.objects[-1].key if page.objects else "", page.more
    return [each for each in found if each.key.startswith(prefix)]


async def test_a_walk_meets_every_key_once_in_the_order_of_its_bytes(
    storage: MinioStorage, janitors: MinioStorage
) -> None:
    prefix = f"{uuid4()}/"
    keys = [prefix + name for name in HOSTILE]
    for key in keys:
        await storage.put_object(key, b"x")
    for most in (1, 3, 1000):
        assert [each.key for each in await walk(janitors, prefix, most)] == sorted(keys, key=str.encode)


async def test_a_page_tells_of_an_object_what_a_stat_tells(storage: MinioStorage, janitors: MinioStorage) -> None:
    key = new_key(".pdf")
    await storage.put_object(key, b"hello")
    stat = await storage.stat_object(key)
    assert stat is not None
    (found,) = await walk(janitors, key[:-4], 1000)
    assert found == Listed(key, stat.size, stat.etag, stat.observed_ns)


async def test_a_walk_by_others_may_go_on_after_any_key_of_ours(storage: MinioStorage, minio: MinioAlone) -> None:
    neighbours = str(uuid4())[:-1]  # so that no other test's keys lie between
    keys = sorted(f"{neighbours}{last}/{uuid4()}/{uuid4()}.pdf" for last in "012" for _ in range(5))
    for key in keys:
        await storage.put_object(key, b"x")
    for before, key in pairwise(keys):
        async with open_storage(settings_for(minio, "janitor")) as other:
            page = await other.list_page(before, 1)
        assert [each.key for each in page.objects] == [key]


async def test_a_walk_may_begin_after_a_key_that_is_not_there(storage: MinioStorage, janitors: MinioStorage) -> None:
    prefix = f"{uuid4()}/"
    for name in ("b", "d"):
        await storage.put_object(prefix + name, b"x")
    page = await janitors.list_page(f"{prefix}c")
    assert page.objects[0].key == f"{prefix}d"


async def test_the_stores_time_is_never_after_its_answer(storage: MinioStorage, janitors: MinioStorage) -> None:
    await storage.put_object(new_key(), b"x")
    for _ in range(3):
        before = time.time_ns()
        page = await janitors.list_page("", 1)
        assert before - 2 * NS_PER_SECOND < page.looked_ns <= time.time_ns()
        assert page.looked_ns % NS_PER_SECOND == 0
        await asyncio.sleep(0.4)
