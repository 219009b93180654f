"""Uploads in parts on a real MinIO: what the store does and tells, and what each service's key may do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

import pytest
from aiohttp import ClientSession
from yarl import URL

from services.chassis.errors import Transient
from services.chassis.storage_minio import MinioStorage, open_storage
from services.chassis.storage_multipart import Multipart
from services.chassis.storage_parts import OpenUpload, PartsRefusedError, UploadNotFoundError
from tests.stack.minio_alone import MinioAlone, Sink, minio_alone, new_key, read, settings_for
from tests.stack.support.parts import LEAST, put_part

FIRST, LAST = b"a" * LEAST, b"the end"


@pytest.fixture
def parts(storage: MinioStorage) -> Multipart:
    return storage.multipart


@pytest.fixture
async def browser() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def put(where: tuple[ClientSession, Multipart, str, str], number: int, data: bytes) -> str:
    """The etag of a part that a browser put to an upload of a key."""
    browser, parts, key, upload_id = where
    query = {"partNumber": str(number), "uploadId": upload_id}
    return (await put_part(browser, parts.presigned("PUT", key, 60, query), data)).strip('"')


async def test_parts_put_by_urls_become_one_object_that_the_store_tells_of_as_of_any(
    storage: MinioStorage, parts: Multipart, browser: ClientSession, servers: tuple[MinioAlone, Sink]
) -> None:
    key, trace = new_key(".mp4"), f"00-{'a' * 32}-{'b' * 16}-01"
    upload_id = await parts.create(key, "video/mp4", trace)
    etags = [await put((browser, parts, key, upload_id), number, data) for number, data in ((2, LAST), (1, FIRST))]
    listed = await parts.list_parts(key, upload_id)
    assert [(part.number, part.size, part.etag) for part in listed] == [
        (1, LEAST, etags[1]),
        (2, len(LAST), etags[0]),
    ]
    assert await storage.stat_object(key) is None
    await parts.complete(key, upload_id, [(part.number, part.etag) for part in listed])
    stat = await storage.stat_object(key)
    assert stat is not None
    assert (stat.size, stat.etag[-2:]) == (LEAST + len(LAST), "-2")
    assert await read(storage, key) == FIRST + LAST
    head = await storage.read_head(key, 3, stat.etag)
    assert (head.data, head.content_type) == (b"aaa", "video/mp4")
    record = servers[1].wait_for(key[-20:])
    told = record["s3"]["object"]
    assert record["eventName"] == "s3:ObjectCreated:CompleteMultipartUpload"
    assert (told["size"], told["eTag"]) == (stat.size, stat.etag)
    assert told["userMetadata"]["X-Amz-Meta-traceparent"] == trace
    assert int(told["sequencer"], 16) <= stat.observed_ns


async def test_an_upload_is_over_once_it_is_complete(parts: Multipart, browser: ClientSession) -> None:
    key = new_key()
    upload_id = await parts.create(key, "text/plain")
    etag = await put((browser, parts, key, upload_id), 1, LAST)
    url = parts.presigned("PUT", key, 60, {"partNumber": "1", "uploadId": upload_id})
    await parts.complete(key, upload_id, [(1, etag)])
    async with browser.put(URL(url, encoded=True), data=b"more") as late:
        assert late.status == 404
    with pytest.raises(UploadNotFoundError):
        await parts.list_parts(key, upload_id)
    assert await parts.list_uploads(key) == []


async def test_of_many_who_complete_at_once_and_again_one_does_and_the_others_find_no_upload(
    storage: MinioStorage, parts: Multipart, browser: ClientSession
) -> None:
    key = new_key()
    upload_id = await parts.create(key, "text/plain")
    etag = await put((browser, parts, key, upload_id), 1, LAST)
    completing = [parts.complete(key, upload_id, [(1, etag)]) for _ in range(4)]
    outcomes = await asyncio.gather(*completing, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", *["UploadNotFoundError"] * 3]
    with pytest.raises(UploadNotFoundError):
        await parts.complete(key, upload_id, [(1, etag)])
    assert await read(storage, key) == LAST


async def test_an_aborted_upload_leaves_nothing_and_aborting_again_is_fine(
    storage: MinioStorage, parts: Multipart, browser: ClientSession
) -> None:
    key = new_key()
    upload_id = await parts.create(key, "text/plain")
    etag = await put((browser, parts, key, upload_id), 1, LAST)
    for _ in range(2):
        await parts.abort(key, upload_id)
    with pytest.raises(UploadNotFoundError):
        await parts.complete(key, upload_id, [(1, etag)])
    assert await parts.list_uploads(key) == []
    assert await storage.stat_object(key) is None


@pytest.mark.parametrize(
    ("sizes", "change", "code"),
    [
        ((LEAST, 7), lambda etags: [(1, etags[0]), (2, "0" * 32)], "InvalidPart"),
        ((LEAST, 7), lambda etags: [(1, etags[0]), (3, etags[1])], "InvalidPart"),
        ((LEAST, 7), lambda etags: [(2, etags[1]), (1, etags[0])], "InvalidPartOrder"),
        ((LEAST, 7), lambda etags: [(1, '<&"'), (2, etags[1])], "InvalidPart"),
        ((7, 7), lambda etags: [(1, etags[0]), (2, etags[1])], "EntityTooSmall"),
    ],
    ids=["another etag", "no such part", "not in order", "no etag at all", "too small"],
)
async def test_parts_that_make_no_object_are_refused_and_the_upload_stays(
    parts: Multipart, browser: ClientSession, sizes: tuple[int, ...], change: object, code: str
) -> None:
    key = new_key()
    upload_id = await parts.create(key, "text/plain")
    etags = [await put((browser, parts, key, upload_id), n, b"x" * size) for n, size in enumerate(sizes, 1)]
    with pytest.raises(PartsRefusedError) as refused:
        await parts.complete(key, upload_id, change(etags))  # type: ignore[operator]
    assert refused.value.code == code
    assert len(await parts.list_parts(key, upload_id)) == 2
    await parts.abort(key, upload_id)


@pytest.mark.parametrize("upload_id", ["x", "../../x", "YWJj", "é" * 100, "a" * 1000, "%2e%2e", "a b+c/d=&e"])
async def test_an_id_that_is_none_is_not_found(parts: Multipart, upload_id: str) -> None:
    key = new_key()
    with pytest.raises(UploadNotFoundError):
        await parts.list_parts(key, upload_id)
    with pytest.raises(UploadNotFoundError):
        await parts.complete(key, upload_id, [(1, "0" * 32)])
    await parts.abort(key, upload_id)


async def test_another_keys_upload_is_not_found(parts: Multipart) -> None:
    key, other = new_key(), new_key()
    upload_id = await parts.create(key, "text/plain")
    with pytest.raises(UploadNotFoundError):
        await parts.list_parts(other, upload_id)
    await parts.abort(other, upload_id)
    assert await parts.list_parts(key, upload_id) == []
    await parts.abort(key, upload_id)


async def test_more_parts_than_a_page_are_listed_whole_by_us_and_by_one_url(
    parts: Multipart, browser: ClientSession
) -> None:
    key, count = new_key(), 1003
    upload_id = await parts.create(key, "text/plain")
    room = asyncio.Semaphore(16)

    async def one(number: int) -> None:
        async with room:
            await put((browser, parts, key, upload_id), number, b"x")

    await asyncio.gather(*(one(number) for number in range(1, count + 1)))
    assert [part.number for part in await parts.list_parts(key, upload_id)] == [*range(1, count + 1)]
    url = parts.presigned("GET", key, 60, {"uploadId": upload_id, "max-parts": "10000"})
    async with browser.get(URL(url, encoded=True)) as response:
        root = ET.fromstring(await response.text())  # noqa: S314 - our own store's
    assert sum(each.tag.endswith("}Part") for each in root) == count
    await parts.abort(key, upload_id)


async def test_uploads_are_listed_by_their_exact_key_and_ended_together(
    parts: Multipart, janitors: MinioStorage
) -> None:
    key = new_key(".a+b é")
    longer, other = f"{key}x", new_key()
    ids = {await parts.create(key, "text/plain") for _ in range(3)}
    apart = [OpenUpload(each, await parts.create(each, "text/plain")) for each in (longer, other)]
    assert {(each.object_key, each.upload_id) for each in await parts.list_uploads(key)} == {(key, i) for i in ids}
    assert await janitors.end_uploads(key) == 3
    assert await janitors.end_uploads(key) == 0
    assert await parts.list_uploads(key) == []
    for each in apart:
        assert await parts.list_uploads(each.object_key) == [each]
        assert each in await parts.list_uploads("")
        assert await janitors.end_uploads(each.object_key) == 1


async def test_a_client_may_begin_list_complete_and_abort_by_urls_of_its_own(
    storage: MinioStorage, parts: Multipart, browser: ClientSession
) -> None:
    key = new_key(".txt")
    begin = URL(parts.presigned("POST", key, 60, {"uploads": ""}), encoded=True)
    async with browser.post(begin, headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 200
        upload_id = next(each.text for each in ET.fromstring(await response.text()) if each.tag.endswith("UploadId"))  # noqa: S314
    assert upload_id is not None
    etag = await put((browser, parts, key, upload_id), 1, LAST)
    body = (
        f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    )
    complete = URL(parts.presigned("POST", key, 60, {"uploadId": upload_id}), encoded=True)
    async with browser.post(complete, data=body, headers={"Content-Type": "application/xml"}) as response:
        assert response.status == 200
        assert f"<Key>{key}</Key>" in await response.text()
    assert await read(storage, key) == LAST
    abort = URL(parts.presigned("DELETE", key, 60, {"uploadId": upload_id}), encoded=True)
    async with browser.delete(abort) as response:
        assert response.status == 204  # there is none any more, and that is fine
    assert await read(storage, key) == LAST
    assert parts.location(key) == str(begin.with_query(None))


@pytest.mark.parametrize("method", ["PUT", "GET", "POST", "DELETE"])
async def test_a_page_of_another_origin_may_send_each_call_and_read_the_etag(
    parts: Multipart, browser: ClientSession, method: Literal["PUT", "GET", "POST", "DELETE"]
) -> None:
    key, page = new_key(), {"Origin": "http://localhost:8080"}
    upload_id = await parts.create(key, "text/plain")
    url = URL(parts.presigned(method, key, 60, {"uploadId": upload_id, "partNumber": "1"}), encoded=True)
    asking = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "content-type"}
    async with browser.options(url, headers=page | asking) as response:
        assert (response.status, response.headers["Access-Control-Allow-Methods"]) == (204, method)
    part = URL(parts.presigned("PUT", key, 60, {"uploadId": upload_id, "partNumber": "1"}), encoded=True)
    async with browser.put(part, data=LAST, headers=page) as response:
        assert response.status == 200
        shown = {name.strip().lower() for name in response.headers["Access-Control-Expose-Headers"].split(",")}
    assert "etag" in shown
    await parts.abort(key, upload_id)


async def test_a_url_of_one_call_is_none_for_another(parts: Multipart, browser: ClientSession) -> None:
    key = new_key()
    upload_id = await parts.create(key, "text/plain")
    url = parts.presigned("PUT", key, 60, {"partNumber": "1", "uploadId": upload_id})
    for changed in (url.replace("partNumber=1", "partNumber=2"), url.replace(f"uploadId={upload_id}", "uploadId=x")):
        async with browser.put(URL(changed, encoded=True), data=LAST) as response:
            assert response.status == 403
    async with browser.delete(URL(url, encoded=True)) as response:
        assert response.status == 403
    await parts.abort(key, upload_id)


async def test_each_service_may_do_what_it_does_and_no_more(minio: MinioAlone, parts: Multipart) -> None:
    key = new_key()
    upload_id = await parts.create(key, "text/plain")
    async with (
        open_storage(settings_for(minio, "janitor")) as janitor,
        open_storage(settings_for(minio, "audit")) as audit,
        open_storage(settings_for(minio, "classifier")) as classifier,
    ):
        assert len(await audit.multipart.list_uploads(key)) == 1
        assert await audit.multipart.list_parts(key, upload_id) == []
        for refused in (
            janitor.multipart.create(key, "text/plain"),
            audit.multipart.abort(key, upload_id),
            audit.multipart.create(key, "text/plain"),
            classifier.multipart.list_uploads(key),
            classifier.multipart.abort(key, upload_id),
        ):
            with pytest.raises(Transient, match="AccessDenied"):
                await refused
        await janitor.multipart.abort(key, upload_id)
    assert await parts.list_uploads(key) == []


@pytest.fixture
def lonely(tmp_path: Path) -> Iterator[MinioAlone]:
    with minio_alone(tmp_path) as (server, _):
        yield server


async def test_uploads_of_a_key_are_known_after_a_restart_while_those_of_all_are_forgotten(lonely: MinioAlone) -> None:
    key = new_key()
    async with open_storage(settings_for(lonely, "upload")) as storage:
        upload_id = await storage.multipart.create(key, "text/plain")
        assert [each.object_key for each in await storage.multipart.list_uploads("")] == [key]
        lonely.kill()
        with pytest.raises(Transient):
            await storage.multipart.list_uploads(key)
        lonely.start()
        await lonely.ready()
        assert [each.upload_id for each in await storage.multipart.list_uploads(key)] == [upload_id]
        assert await storage.multipart.list_uploads("") == []
