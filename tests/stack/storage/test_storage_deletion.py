"""The multi-delete on a real MinIO: hostile keys, a thousand, none, those that are not there, and no right to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from services.chassis.errors import Transient
from services.chassis.storage import MOST_KEYS
from services.chassis.storage_minio import MinioStorage, open_storage
from tests.stack.minio_alone import MinioAlone, new_key, settings_for

HOSTILE = (
    ".p df", ".+%", ".äß", ".a&b=c", ".日本", ".<x>", ".%2F", '."', ".'", ".]]>", ".&amp;", ".&#1;", ".\r", ".\n",
    ".\t", ".a\r\nb", ".\x01", ".\x1f", ".\x7f", ".\x85", ".\u2028", ".\ufffe", ".\uffff", ".\U0001f600", ".</Key>",
    ". ", ".trailing ", ".\\", ".?", ".#", ".*", ".:",
)  # fmt: skip


async def put_all(storage: MinioStorage, keys: Sequence[str]) -> None:
    for start in range(0, len(keys), 50):
        await asyncio.gather(*(storage.put_object(key, b"x") for key in keys[start : start + 50]))


async def test_a_thousand_objects_go_in_one_request_and_no_other_does(
    storage: MinioStorage, janitors: MinioStorage
) -> None:
    user = uuid4()
    keys = [f"{user}/{uuid4()}/{uuid4()}.pdf" for _ in range(MOST_KEYS + 1)]
    await put_all(storage, keys)
    await janitors.delete_objects(keys[1:])
    left = await janitors.list_page(f"{user}/")
    assert [each.key for each in left.objects if each.key.startswith(f"{user}/")] == keys[:1]


async def test_no_keys_are_no_request(minio: MinioAlone) -> None:
    async with open_storage(settings_for(minio, "janitor", minio_endpoint="127.0.0.1:1")) as nowhere:
        await nowhere.delete_objects([])


async def test_hostile_keys_are_deleted_and_name_no_other_object(storage: MinioStorage, janitors: MinioStorage) -> None:
    keys, others = [new_key(ext) for ext in HOSTILE], [new_key() for _ in HOSTILE]
    await put_all(storage, [*keys, *others])
    await janitors.delete_objects(keys)
    assert [key for key in keys if await storage.stat_object(key)] == []
    assert [key for key in others if not await storage.stat_object(key)] == []


async def test_deleting_what_is_not_there_or_again_is_fine(storage: MinioStorage, janitors: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"x")
    for _ in range(2):
        await janitors.delete_objects([new_key(), key, new_key()])
    assert await storage.stat_object(key) is None


@pytest.mark.parametrize("extra", [250, 900])
async def test_a_name_that_the_store_cannot_hold_does_not_keep_the_others(
    storage: MinioStorage, janitors: MinioStorage, extra: int
) -> None:
    key, impossible = new_key(), new_key("." + "x" * extra)
    await storage.put_object(key, b"x")
    await janitors.delete_objects([impossible, key])
    assert await storage.stat_object(key) is None


async def test_a_key_that_may_not_be_deleted_is_transient_though_the_answer_is_a_200(storage: MinioStorage) -> None:
    key = new_key()
    await storage.put_object(key, b"x")
    with pytest.raises(Transient, match="AccessDenied"):
        await storage.delete_objects([key])
    assert await storage.stat_object(key)


async def test_a_wrong_secret_and_a_missing_bucket_drop_no_work(minio: MinioAlone) -> None:
    async with open_storage(settings_for(minio, "janitor", minio_secret_key="wrong")) as wrong:
        with pytest.raises(Transient, match="SignatureDoesNotMatch"):
            await wrong.delete_objects([new_key()])
    async with open_storage(settings_for(minio, "janitor", minio_bucket="another")) as other:
        with pytest.raises(Transient, match=r"NoSuchBucket|AccessDenied"):
            await other.delete_objects([new_key()])
