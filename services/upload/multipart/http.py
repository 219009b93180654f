"""The routes of large uploads: a request in terms of MultipartUploads, its outcome in terms of http_multipart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import pydantic_core
from aiohttp import web
from docuvault_contracts import http_multipart as bodies

from services.chassis.storage_minio import MinioStorage
from services.chassis.storage_multipart import COMPLETE_SECONDS
from services.chassis.storage_parts import MultipartStorage, Part
from services.chassis.web import HttpError, RateLimit, caller, json_response, note, read_body, traceparent, within
from services.upload.answers import answer
from services.upload.decide import Refused
from services.upload.document import Document
from services.upload.http import Tables
from services.upload.http_command import command_of, not_found
from services.upload.http_uploads import UploadRoutes, claim_in, unusable
from services.upload.idempotency import KeyRefused
from services.upload.multipart.begin import BeginMultipart
from services.upload.multipart.rules import Closed, part_bytes
from services.upload.multipart.shelf import Lives, Multiparts, Shelf
from services.upload.multipart.sign_request import SignRequests
from services.upload.multipart.uploads import BadParts, MultipartUploads
from services.upload.settings import Settings
from services.upload.uploads import File

MOST_COMPLETE_BYTES = 4 * 1024 * 1024
"""A complete names up to ten thousand parts; what Uppy sends with each of them fits, too."""
_WORK_SECONDS = 5.0
_REASONS = {
    Closed.COMPLETE: bodies.MULTIPART_COMPLETE,
    Closed.EXPIRED: bodies.MULTIPART_EXPIRED,
    Closed.LOST: bodies.MULTIPART_LOST,
}
_WRONG_PARTS = {
    "InvalidPart": "a part is not there, or has another etag",
    "InvalidPartOrder": "the numbers of the parts do not ascend",
    "EntityTooSmall": "a part but the last is smaller than 5 MiB",
}


@dataclass(frozen=True, slots=True)
class MultipartRoutes:
    """The handlers of /api/documents/multipart and of /api/documents/sign-request; 401 and 503 as everywhere."""

    begin_upload: BeginMultipart
    uploads: MultipartUploads
    sign_request: SignRequests
    store: MultipartStorage
    signing: RateLimit

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
        """200 with the upload, 413 where the declared size cannot fit, 422, 429."""
        self.signing.take(request)
        body = await read_body(request, bodies.MultipartRequest)
        claim = claim_in(request, "multipart", body)
        file = File(body.filename, body.content_type, body.size_bytes)
        made = await self.begin_upload(caller(request).user_id, file, traceparent(request), claim)
        if isinstance(made, KeyRefused):
            raise unusable(made)
        if isinstance(made, Refused):
            return answer(made)
        note(request, document_id=str(made.id))
        return json_response(_begun(made))

    async def sign_parts(self, request: web.Request) -> web.Response:
        """200 with the URLs, 404, 409, 422, 429."""
        command = command_of(request)
        body = await read_body(request, bodies.SignPartsRequest)
        self.signing.take(request, len(body.part_numbers))
        signed = await self.uploads.sign_parts(command, body.part_numbers)
        if isinstance(signed, Closed):
            _refuse(signed)
        urls = {str(number): url for number, url in signed.urls.items()}
        return json_response(bodies.SignedParts(urls=urls, expires_at=signed.expires_at))

    async def list_parts(self, request: web.Request) -> web.Response:
        """200 with the parts, 404, 409."""
        found = await self.uploads.list_parts(command_of(request))
        if isinstance(found, Closed):
            _refuse(found)
        return web.Response(body=pydantic_core.to_json(_shown(found)), content_type="application/json")

    async def complete(self, request: web.Request) -> web.Response:
        """200, 404, 409, 413 where it did not fit, 422."""
        command = command_of(request)
        body = await read_body(request.clone(client_max_size=MOST_COMPLETE_BYTES), bodies.CompleteRequest)
        done = await self.uploads.complete(command, [(part.PartNumber, part.ETag) for part in body.parts])
        match done:
            case Closed():
                _refuse(done)
            case Refused():
                return answer(done)
            case BadParts(code):
                raise HttpError(422, [{"loc": ["body", "parts"], "msg": _WRONG_PARTS.get(code, code), "type": code}])
        location = self.store.location(done.object_key)
        return json_response(bodies.Completed(document_id=done.id, key=done.object_key, location=location))

    async def abort(self, request: web.Request) -> web.Response:
        """204, 404, 409 where it is complete."""
        ended = await self.uploads.abort(command_of(request))
        if isinstance(ended, Closed):
            _refuse(ended)
        return web.Response(status=204)

    async def sign(self, request: web.Request) -> web.Response:
        """200 with the signed request, 404, 409, 422, 429."""
        self.signing.take(request)
        body = await read_body(request, bodies.SignRequest)
        signed = await self.sign_request(body, caller(request).user_id, traceparent(request))
        if isinstance(signed, Closed):
            _refuse(signed)
        if isinstance(signed, Refused):
            return answer(signed)
        note(request, document_id=str(signed.document.id))
        return json_response(
            bodies.SignedRequest(
                url=signed.url,
                key=signed.document.object_key,
                headers=dict(signed.headers),
                document_id=signed.document.id,
                expires_at=signed.expires_at,
            )
        )


def make_multipart_routes(
    settings: Settings, tables: Tables, multiparts: Multiparts, storage: MinioStorage, uploads_of_one: UploadRoutes
) -> MultipartRoutes:
    """The routes on these resources."""
    lives = Lives(settings.multipart_life, settings.multipart_url_minutes * 60)
    shelf = Shelf(tables.documents, multiparts, storage.multipart, storage.stat_object, lives)
    begin, uploads = BeginMultipart(shelf, tables.accounts, tables.keys), MultipartUploads(shelf)
    sign_requests = SignRequests(shelf, uploads, begin, uploads_of_one.request_upload)
    return MultipartRoutes(begin, uploads, sign_requests, shelf.store, uploads_of_one.signing)


def _begun(document: Document) -> bodies.Multipart:
    return bodies.Multipart(
        document_id=document.id,
        key=document.object_key,
        upload_id=str(document.upload_id),
        uploadId=str(document.upload_id),
        part_size_bytes=part_bytes(document.declared_bytes),
        expires_at=document.expires_at,
    )


def _shown(parts: Sequence[Part]) -> list[bodies.UploadedPart]:
    return [bodies.UploadedPart(PartNumber=part.number, Size=part.size, ETag=part.etag) for part in parts]


def _refuse(closed: Closed) -> NoReturn:
    if closed is Closed.UNKNOWN:
        raise not_found()
    raise HttpError(409, _REASONS[closed])
