"""S3's multipart calls, made here: signed in the query, answered in XML. The S3 client has none of them in public.

Facts of MinIO that tests hold it to: it lists the uploads of an exact key from its disks, and with no key those alone
that its process has seen begin; who completes an upload twice is told that there is none; to abort none is fine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from aiohttp import ClientResponse, ClientSession, ClientTimeout
from miniopy_async.error import S3Error
from yarl import URL

from services.chassis.abreast import abreast
from services.chassis.errors import Transient
from services.chassis.presign import Presigner, Query
from services.chassis.storage_answer import Answer, name_of, read_answer
from services.chassis.storage_errors import translated
from services.chassis.storage_parts import Method, OpenUpload, Part, PartsRefusedError, UploadNotFoundError
from services.chassis.tracing_s3 import s3_call

SECONDS = 60
"""How long the signature of a call is good; it is made for the call, and clocks may differ a little."""
COMPLETE_SECONDS = 50.0
"""How long the store may put an object together: ten thousand parts are looked at one by one."""
ABORTS_AT_ONCE = 8
MOST_ROUNDS = 1000
"""Of listing and aborting what is listed; more uploads of one key than that hold are left to who tries again."""
NO_CONTENT = 204
MISSING = frozenset({"NoSuchUpload", "XMinioInvalidResourceName", "XMinioInvalidObjectName"})
"""An id that MinIO cannot hold is the id of no upload."""
REFUSED = frozenset({"InvalidPart", "InvalidPartOrder", "InvalidPartNumber", "EntityTooSmall", "MalformedXML"})


class Multipart:
    """MultipartStorage on MinIO, within the S3 API. `own` signs our calls, `public` what clients send."""

    def __init__(self, session: ClientSession, own: Presigner, public: Presigner, timeout_seconds: float) -> None:
        self._session = session
        self._own = own
        self._public = public
        self._timeout_seconds = timeout_seconds

    @s3_call("CreateMultipartUpload")
    async def create(self, object_key: str, content_type: str, traceparent: str | None = None) -> str:
        """Begins an upload of the key; its id. The object will keep `traceparent`."""
        url = partial(self._own.url, query=(("uploads", ""),), traceparent=traceparent)
        begun = url("POST", object_key, SECONDS, datetime.now(UTC))
        async with self._sent("POST", begun, headers={"Content-Type": content_type}) as response:
            answer = await read_answer(response, "InitiateMultipartUploadResult")
        with translated(), answer.understood():
            return _text(answer.root, "UploadId")

    @s3_call("ListParts")
    async def list_parts(self, object_key: str, upload_id: str) -> Sequence[Part]:
        """All parts there are, by their numbers. Raises UploadNotFoundError."""
        parts: list[Part] = []
        more = True
        while more:
            after = (("part-number-marker", str(parts[-1].number)),) if parts else ()
            answer = await self._list_parts(object_key, (*after, ("uploadId", upload_id)))
            with translated(), answer.understood():
                page = [_part(each) for each in answer.root if name_of(each) == "Part"]
                more = bool(page) and _text(answer.root, "IsTruncated") == "true"
            parts += page
        return parts

    async def _list_parts(self, object_key: str, query: Query) -> Answer:
        async with self._asked("GET", object_key, query) as response:
            return await read_answer(response, "ListPartsResult")

    @s3_call("CompleteMultipartUpload")
    async def complete(self, object_key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        """Makes the object of parts, each by its number and etag. Raises UploadNotFoundError and PartsRefusedError."""
        query, body = (("uploadId", upload_id),), _completion(parts)
        async with self._asked("POST", object_key, query, body=body, seconds=COMPLETE_SECONDS) as response:
            await read_answer(response, "CompleteMultipartUploadResult")

    @s3_call("AbortMultipartUpload")
    async def abort(self, object_key: str, upload_id: str) -> None:
        """Ends the upload and removes its parts; one that is not there is fine."""
        try:
            async with self._asked("DELETE", object_key, (("uploadId", upload_id),)) as response:
                if response.status != NO_CONTENT:
                    await read_answer(response, "AbortMultipartUploadResult")  # there is no such thing: it refuses
        except UploadNotFoundError:
            return

    @s3_call("ListMultipartUploads")
    async def list_uploads(self, object_key: str) -> Sequence[OpenUpload]:
        """Uploads of exactly this key, at most a page of them; of all keys that the store tells of where it is ""."""
        prefix = (("prefix", object_key),) if object_key else ()
        query = (("encoding-type", "url"), ("max-uploads", "1000"), *prefix, ("uploads", ""))
        url = partial(self._own.bucket_url, query=query)
        async with self._sent("GET", url(SECONDS, datetime.now(UTC))) as response:
            answer = await read_answer(response, "ListMultipartUploadsResult")
        with translated(), answer.understood():
            found = [_upload(each) for each in answer.root if name_of(each) == "Upload"]
        return [each for each in found if object_key in {"", each.object_key}]

    async def abort_all(self, object_key: str) -> int:
        """Ends all uploads of exactly this key; how many there were."""
        ended = 0
        for _ in range(MOST_ROUNDS):
            if not (uploads := await self.list_uploads(object_key)):
                return ended
            await abreast(self._abort, uploads, ABORTS_AT_ONCE)
            ended += len(uploads)
        raise Transient(f"object storage: uploads of one key are still there after {ended} were ended")

    async def _abort(self, upload: OpenUpload) -> None:
        await self.abort(upload.object_key, upload.upload_id)

    def presigned(
        self,
        method: Method,
        object_key: str,
        seconds: int,
        query: Mapping[str, str],
        traceparent: str | None = None,
    ) -> str:
        """A URL on the public endpoint, signed without asking the store; the object keeps `traceparent`."""
        now, asked = datetime.now(UTC), sorted(query.items())
        return self._public.url(method, object_key, seconds, now, asked, traceparent=traceparent)

    def location(self, object_key: str) -> str:
        """Where the object is on the public endpoint."""
        return self._public.url("GET", object_key, SECONDS, datetime.now(UTC)).partition("?")[0]

    @asynccontextmanager
    async def _asked(  # noqa: PLR0913 - as a request has them
        self,
        method: Method,
        object_key: str,
        query: Query,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> AsyncIterator[ClientResponse]:
        url = self._own.url(method, object_key, SECONDS, datetime.now(UTC), query)
        async with self._sent(method, url, body, headers, seconds) as response:
            yield response

    @asynccontextmanager
    async def _sent(
        self,
        method: Method,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> AsyncIterator[ClientResponse]:
        """The answer, all of whose reading is bounded. Raises what its calls do."""
        limit = seconds or self._timeout_seconds
        data = None if body is None else BytesIO(body)  # sent in pieces: ten thousand parts are a megabyte
        patience = ClientTimeout(total=None, sock_connect=self._timeout_seconds, sock_read=limit)
        try:
            with translated():
                async with (
                    asyncio.timeout(limit),
                    self._session.request(
                        method,
                        URL(url, encoded=True),
                        data=data,
                        headers=headers,
                        allow_redirects=False,
                        timeout=patience,
                    ) as response,
                ):
                    yield response
        except S3Error as error:
            if error.code in MISSING:
                raise UploadNotFoundError(error.code) from None  # what it said may quote the URL
            if error.code in REFUSED:
                raise PartsRefusedError(error.code) from None
            raise


def _completion(parts: Sequence[tuple[int, str]]) -> bytes:
    root = ET.Element("CompleteMultipartUpload", xmlns="http://s3.amazonaws.com/doc/2006-03-01/")
    for number, etag in parts:
        part = ET.SubElement(root, "Part")
        ET.SubElement(part, "PartNumber").text = str(number)
        ET.SubElement(part, "ETag").text = etag
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _part(element: ET.Element) -> Part:
    """Raises ValueError and KeyError where it is not whole."""
    etag = _text(element, "ETag").replace('"', "")
    return Part(int(_text(element, "PartNumber")), int(_text(element, "Size")), etag)


def _upload(element: ET.Element) -> OpenUpload:
    return OpenUpload(unquote_plus(_text(element, "Key"), errors="strict"), _text(element, "UploadId"))


def _text(element: ET.Element, name: str) -> str:
    """Raises KeyError where there is none."""
    for child in element:
        if name_of(child) == name and child.text:
            return child.text
    raise KeyError(name)
