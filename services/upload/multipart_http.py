"""The routes of large uploads: a request in terms of MultipartUploads, its outcome in terms of http_multipart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

import pydantic_core
from aiohttp import web
from docuvault_contracts import http as bodies
from docuvault_contracts import http_multipart as parts_bodies

from services.chassis.storage_minio import MinioStorage
from services.chassis.storage_multipart import COMPLETE_SECONDS
from services.chassis.storage_parts import MultipartStorage, Part
from services.chassis.web import HttpError, caller, json_response, note, read_body, traceparent, within
from services.upload.answers import answer
from services.upload.commands import RequestUpload, Upload
from services.upload.decide import Refused
from services.upload.multipart import BadParts, Lives, Multiparts, MultipartUploads
from services.upload.multipart_rules import Closed, part_bytes
from services.upload.ports import Command
from services.upload.settings import Settings
from services.upload.sign_request import SignRequests

MOST_COMPLETE_BYTES = 4 * 1024 * 1024
"""A complete names up to ten thousand parts; what Uppy sends with each of them fits, too."""
_WORK_SECONDS = 5.0
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_REASONS = {
    Closed.COMPLETE: parts_bodies.MULTIPART_COMPLETE,
    Closed.EXPIRED: parts_bodies.MULTIPART_EXPIRED,
    Closed.LOST: parts_bodies.MULTIPART_LOST,
}
_WRONG_PARTS = {
    "InvalidPart": "a part is not there, or has another etag",
    "InvalidPartOrder": "the numbers of the parts do not ascend",
    "EntityTooSmall": "a part but the last is smaller than 5 MiB",
}


@dataclass(frozen=True, slots=True)
class MultipartRoutes:
    """The handlers of /api/documents/multipart and of /api/documents/sign-request; 401 and 503 as everywhere."""

    uploads: MultipartUploads
    sign_request: SignRequests
    store: MultipartStorage

    def setup(self, app: web.Application) -> None:
        """Adds the routes."""
        of_one = "/api/documents/multipart/{id:[^/]+}"
        app.router.add_post("/api/documents/multipart", self.begin)
        app.router.add_get(f"{of_one}/parts", self.list_parts)
        app.router.add_post(f"{of_one}/parts/sign", self.sign_parts)
        app.router.add_post(f"{of_one}/complete", within(COMPLETE_SECONDS + _WORK_SECONDS, self.complete))
        app.router.add_delete(of_one, self.abort)
        app.router.add_post("/api/documents/sign-request", self.sign)

    async def begin(self, request: web.Request) -> web.Response:
        """200 with the upload, 422."""
        body = await read_body(request, parts_bodies.MultipartRequest)
        document = await self.uploads.begin(
            caller(request).user_id, body.filename, body.content_type, traceparent(request)
        )
        if isinstance(document, Closed):
            _refuse(document)
        note(request, document_id=str(document.id))
        return json_response(
            parts_bodies.Multipart(
                document_id=document.id,
                key=document.object_key,
                upload_id=str(document.upload_id),
                uploadId=str(document.upload_id),
                part_size_bytes=part_bytes(body.size_bytes),
                expires_at=document.expires_at,
            )
        )

    async def sign_parts(self, request: web.Request) -> web.Response:
        """200 with the URLs, 404, 409, 422."""
        command = _command(request)
        body = await read_body(request, parts_bodies.SignPartsRequest)
        signed = await self.uploads.sign_parts(command, body.part_numbers)
        if isinstance(signed, Closed):
            _refuse(signed)
        urls = {str(number): url for number, url in signed.urls.items()}
        return json_response(parts_bodies.SignedParts(urls=urls, expires_at=signed.expires_at))

    async def list_parts(self, request: web.Request) -> web.Response:
        """200 with the parts, 404, 409."""
        found = await self.uploads.list_parts(_command(request))
        if isinstance(found, Closed):
            _refuse(found)
        return web.Response(body=pydantic_core.to_json(_shown(found)), content_type="application/json")

    async def complete(self, request: web.Request) -> web.Response:
        """200, 404, 409, 413 where it did not fit, 422."""
        command = _command(request)
        body = await read_body(request.clone(client_max_size=MOST_COMPLETE_BYTES), parts_bodies.CompleteRequest)
        done = await self.uploads.complete(command, [(part.PartNumber, part.ETag) for part in body.parts])
        match done:
            case Closed():
                _refuse(done)
            case Refused():
                return answer(done)
            case BadParts(code):
                raise HttpError(422, [{"loc": ["body", "parts"], "msg": _WRONG_PARTS.get(code, code), "type": code}])
        location = self.store.location(done.object_key)
        return json_response(parts_bodies.Completed(document_id=done.id, key=done.object_key, location=location))

    async def abort(self, request: web.Request) -> web.Response:
        """204, 404, 409 where it is complete."""
        ended = await self.uploads.abort(_command(request))
        if isinstance(ended, Closed):
            _refuse(ended)
        return web.Response(status=204)

    async def sign(self, request: web.Request) -> web.Response:
        """200 with the signed request, 404, 409, 422."""
        body = await read_body(request, parts_bodies.SignRequest)
        signed = await self.sign_request(body, caller(request).user_id, traceparent(request))
        if isinstance(signed, Closed):
            _refuse(signed)
        note(request, document_id=str(signed.document.id))
        return json_response(
            parts_bodies.SignedRequest(
                url=signed.url,
                key=signed.document.object_key,
                headers=dict(signed.headers),
                document_id=signed.document.id,
                expires_at=signed.expires_at,
            )
        )


def make_multipart_routes(
    settings: Settings, documents: Multiparts, storage: MinioStorage, request_upload: RequestUpload
) -> MultipartRoutes:
    """The routes over real or played ports."""
    store, lives = storage.multipart, Lives(settings.multipart_life, settings.multipart_url_minutes * 60)
    uploads = MultipartUploads(documents, store, storage.stat_object, lives)

    async def put_file(asked: parts_bodies.SignRequest, user_id: UUID, trace: str) -> Upload:
        return await request_upload(user_id, str(asked.filename), asked.contentType, trace)

    return MultipartRoutes(uploads, SignRequests(documents, store, uploads, put_file, lives), store)


def _shown(parts: Sequence[Part]) -> list[parts_bodies.UploadedPart]:
    return [parts_bodies.UploadedPart(PartNumber=part.number, Size=part.size, ETag=part.etag) for part in parts]


def _command(request: web.Request) -> Command:
    """Raises HttpError 404 for an id that is none: no document has it."""
    text = request.match_info["id"]
    if _UUID.fullmatch(text) is None:
        _refuse(Closed.UNKNOWN)
    note(request, document_id=text)
    return Command(caller(request).user_id, UUID(text), traceparent(request))


def _refuse(closed: Closed) -> NoReturn:
    if closed is Closed.UNKNOWN:
        raise HttpError(404, bodies.DOCUMENT_NOT_FOUND)
    raise HttpError(409, _REASONS[closed])
