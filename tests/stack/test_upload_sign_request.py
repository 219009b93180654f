"""`signRequest` of Uppy's AwsS3 6 against the real service and store, in the very requests that its client sends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree as ET

import pytest
from aiohttp import ClientResponse
from yarl import URL

from services.chassis.storage_minio import open_storage
from tests.stack.support.parts import LEAST, query_of
from tests.stack.upload_service import Answer, Service, open_service

NOT_FOUND = (404, {"detail": "Document not found"})
SMALL = b"small enough for the ledger of these tests"


@dataclass(frozen=True, slots=True)
class Uppy:
    """What S3mini.ts of @uppy/aws-s3 6.3.1 does with what `signRequest` answers."""

    service: Service
    user: UUID

    async def sign(self, method: str, key: str, **request: Any) -> Answer:
        """The caller's closure: Uppy's request, and the file's name where it begins."""
        named = {} if "uploadId" in request else {"filename": "film.mp4"}
        body = {"method": method, "key": key} | request | named
        return await self.service.call("POST", "/api/documents/sign-request", self.user, body)

    async def send(
        self, method: str, key: str, data: bytes | None = None, **request: Any
    ) -> tuple[Any, ClientResponse]:
        """Signs and sends; what was signed, and the store's answer."""
        status, signed = await self.sign(method, key, **request)
        assert status == 200, signed
        headers = {"Content-Type": "application/xml" if method == "POST" else "video/mp4", **signed["headers"]}
        async with self.service.session.request(
            method, URL(signed["url"], encoded=True), data=None if data is None else BytesIO(data), headers=headers
        ) as response:
            await response.read()
            return signed, response

    async def begin(self) -> tuple[str, str, str]:
        """The key that counts, the upload's id, and the document's."""
        signed, response = await self.send("POST", f"{uuid4()}-film.mp4")
        assert response.status == 200
        return signed["key"], _text(await response.text(), "UploadId"), signed["document_id"]

    async def put_part(self, key: str, upload_id: str, number: int, data: bytes) -> str:
        _, response = await self.send("PUT", key, data, uploadId=upload_id, partNumber=number)
        assert response.status == 200
        return response.headers["ETag"].strip('"')

    async def list(self, key: str, upload_id: str) -> list[tuple[int, str]]:
        _, response = await self.send("GET", key, uploadId=upload_id)
        found = [each for each in ET.fromstring(await response.text()) if each.tag.endswith("}Part")]  # noqa: S314
        return [(int(_of(each, "PartNumber")), _of(each, "ETag").strip('"')) for each in found]

    async def complete(self, key: str, upload_id: str, etags: Sequence[str]) -> int:
        parts = "".join(
            f"<Part><PartNumber>{n}</PartNumber><ETag>{etag}</ETag></Part>" for n, etag in enumerate(etags, 1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        return (await self.send("POST", key, body, uploadId=upload_id))[1].status


def _text(xml: str, name: str) -> str:
    return _of(ET.fromstring(xml), name)  # noqa: S314 - our own store's


def _of(element: ET.Element, name: str) -> str:
    return next(each.text or "" for each in element if each.tag.endswith(f"}}{name}"))


@pytest.fixture
async def service(stack: Any, database: str) -> AsyncIterator[Service]:
    async with open_service(stack.info, database) as opened:
        yield opened


@pytest.fixture
def uppy(service: Service) -> Uppy:
    return Uppy(service, uuid4())


async def test_a_small_file_is_put_in_one_request_under_the_servers_key(uppy: Uppy) -> None:
    signed, response = await uppy.send("PUT", f"{uuid4()}-film.mp4", SMALL, contentType="video/mp4", expiresIn=60)
    assert response.status == 200
    assert signed["key"].startswith(f"{uppy.user}/{signed['document_id']}/")
    assert (await uppy.service.confirm(uppy.user, signed["document_id"]))[0] == 200


async def test_a_large_file_is_begun_resumed_and_completed_by_urls_alone(uppy: Uppy) -> None:
    key, upload_id, document = await uppy.begin()
    first = await uppy.put_part(key, upload_id, 1, b"a" * LEAST)
    assert await uppy.list(key, upload_id) == [(1, first)]  # after a reload, by what Golden Retriever kept
    last = await uppy.put_part(key, upload_id, 2, SMALL)
    assert await uppy.complete(key, upload_id, [first, last]) == 200
    answer = await uppy.service.confirm(uppy.user, document)
    assert (answer[0], answer[1]["detail"]["rejected_bytes"]) == (413, LEAST + len(SMALL))


async def test_a_complete_file_is_confirmed_and_nothing_more_is_signed(uppy: Uppy) -> None:
    key, upload_id, document = await uppy.begin()
    assert await uppy.complete(key, upload_id, [await uppy.put_part(key, upload_id, 1, SMALL)]) == 200
    assert (await uppy.service.confirm(uppy.user, document))[0] == 200
    for method, more in (("PUT", {"partNumber": 2}), ("GET", {}), ("POST", {}), ("DELETE", {})):
        assert (await uppy.sign(method, key, uploadId=upload_id, **more))[0] == 409


async def test_an_upload_is_its_documents_once_the_store_says_so_and_no_other_is_then(uppy: Uppy) -> None:
    key, upload_id, _ = await uppy.begin()
    other_key, other_id, _ = await uppy.begin()
    for wrong in (other_id, "x", "../x", "a" * 1024):
        assert await uppy.sign("PUT", key, uploadId=wrong, partNumber=1) == NOT_FOUND
    assert await uppy.list(other_key, other_id) == []
    async with open_storage(uppy.service.settings) as storage:
        second = await storage.multipart.create(key, "video/mp4")  # the URL that begins was used again
    answers = await asyncio.gather(
        *(uppy.sign("PUT", key, uploadId=named, partNumber=1) for named in (upload_id, second))
    )
    assert sorted(status for status, _ in answers) == [200, 404]


async def test_to_sign_a_delete_is_the_abort(uppy: Uppy) -> None:
    key, upload_id, document = await uppy.begin()
    await uppy.put_part(key, upload_id, 1, SMALL)
    assert await uppy.sign("DELETE", key, uploadId="another") == NOT_FOUND
    _, response = await uppy.send("DELETE", key, uploadId=upload_id)
    assert response.status == 204
    assert await uppy.service.call("GET", f"/api/documents/{document}", uppy.user) == NOT_FOUND
    assert await uppy.sign("PUT", key, uploadId=upload_id, partNumber=1) == NOT_FOUND


async def test_an_upload_of_which_no_part_came_is_aborted_by_whatever_id_it_was_given(uppy: Uppy) -> None:
    key, upload_id, document = await uppy.begin()
    _, response = await uppy.send("DELETE", key, uploadId=upload_id)
    assert response.status == 204
    assert await uppy.service.call("GET", f"/api/documents/{document}", uppy.user) == NOT_FOUND


async def test_urls_live_as_long_as_they_must_and_no_longer_than_uppy_wants(uppy: Uppy) -> None:
    begun = await uppy.sign("POST", "any")
    assert query_of(begun[1]["url"])["X-Amz-Expires"] == "120"
    key, upload_id, _ = await uppy.begin()
    for wanted, lives in ((None, "3600"), (10, "10"), (10**6, "3600")):
        more = {} if wanted is None else {"expiresIn": wanted}
        _, signed = await uppy.sign("PUT", key, uploadId=upload_id, partNumber=1, **more)
        assert query_of(signed["url"])["X-Amz-Expires"] == lives
        assert signed["key"] == key
