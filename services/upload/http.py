"""The routes: a request in terms of a command, its outcome in terms of HTTP-CONTRACT.md, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web
from docuvault_contracts import http as bodies

from services.chassis.rate_limit import Rate
from services.chassis.storage import ObjectStorage
from services.chassis.web import (
    HttpError,
    RateLimit,
    caller,
    error_response,
    json_response,
    note,
    read_body,
    read_query,
    traceparent,
    within,
)
from services.upload.answers import accepted, answer, page, view
from services.upload.commands import Delete, Reclassify, RequestUpload
from services.upload.confirm import Confirm
from services.upload.decide import Answer, NotClassifiable
from services.upload.listing import Wanted, read_page
from services.upload.paging import START, BadCursorError, Cursor, from_text
from services.upload.ports import Command, Documents, Ledger, M, Patience
from services.upload.settings import Settings
from services.upload.waiters import Waiters

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
NOTHING_TO_CLASSIFY = "The document has no confirmed upload yet, so there is nothing to classify"
_WORK_SECONDS = 5.0
"""What a waiting route may take beside its wait."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The handlers of /api/documents; each answers 401 without a good token, and 503 where a server is away."""

    documents: Documents
    request_upload: RequestUpload
    confirm_upload: Callable[[Command], Awaitable[Answer]]
    delete_document: Delete
    reclassify: Reclassify
    confirm_seconds: float
    delete_seconds: float
    signing: RateLimit

    def setup(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_get("/api/documents", self.list_documents)
        app.router.add_post("/api/documents/upload-url", self.upload_url)
        app.router.add_get("/api/documents/{id:[^/]+}", self.get)
        app.router.add_delete("/api/documents/{id:[^/]+}", within(self.delete_seconds + _WORK_SECONDS, self.delete))
        app.router.add_post(
            "/api/documents/{id:[^/]+}/confirm", within(self.confirm_seconds + _WORK_SECONDS, self.confirm)
        )
        app.router.add_post("/api/documents/{id:[^/]+}/classify", self.classify)

    async def upload_url(self, request: web.Request) -> web.Response:
        """200 with the URL, 422, 429."""
        self.signing.take(request)
        body = await read_body(request, bodies.UploadUrlRequest)
        upload = await self.request_upload(
            caller(request).user_id, body.filename, body.content_type, traceparent(request)
        )
        note(request, document_id=str(upload.document.id))
        return json_response(
            bodies.UploadUrlResponse(
                upload_url=upload.url, document_id=upload.document.id, expires_at=upload.document.expires_at
            )
        )

    async def confirm(self, request: web.Request) -> web.Response:
        """200, 202, 404, 413, 422; whatever body comes is not looked at."""
        return answer(await self.confirm_upload(_command(request)))

    async def list_documents(self, request: web.Request) -> web.Response:
        """200 with a page, 422."""
        query = read_query(request, bodies.DocumentQuery)
        wanted = Wanted(
            caller(request).user_id, query.limit, _cursor(query.cursor), query.status, _storable(query.topic)
        )
        return json_response(page(await read_page(self.documents, wanted)))

    async def get(self, request: web.Request) -> web.Response:
        """200, 404."""
        command = _command(request)
        document = await self.documents.find(command.user_id, command.document_id)
        if document is None or not document.is_live:
            raise _not_found()
        return json_response(view(document))

    async def delete(self, request: web.Request) -> web.Response:
        """204, 404."""
        if not await self.delete_document(_command(request)):
            raise _not_found()
        return web.Response(status=204)

    async def classify(self, request: web.Request) -> web.Response:
        """202, 404, 409 where there are no bytes yet."""
        command = _command(request)
        outcome = await self.reclassify(command)
        if outcome is NotClassifiable.UNKNOWN:
            raise _not_found()
        if outcome is NotClassifiable.NO_BYTES:
            return error_response(409, NOTHING_TO_CLASSIFY)
        return accepted(outcome)


def make_routes(
    settings: Settings, documents: Documents, storage: ObjectStorage, ledger: Ledger[M], waiters: Waiters
) -> Routes:
    """The routes on these resources."""
    poll = settings.poll_interval_seconds
    confirming = Patience(settings.confirm_wait_seconds, poll)
    return Routes(
        documents,
        RequestUpload(documents, storage, settings.upload_url_minutes),
        Confirm(documents, storage, ledger, waiters, confirming),
        Delete(documents, waiters, Patience(settings.delete_wait_seconds, poll)),
        Reclassify(documents),
        settings.confirm_wait_seconds,
        settings.delete_wait_seconds,
        RateLimit("presigned URLs", Rate(settings.signing_per_second, settings.signing_burst)),
    )


def _command(request: web.Request) -> Command:
    """Raises HttpError 404 for an id that is none: no document has it."""
    text = request.match_info["id"]
    if _UUID.fullmatch(text) is None:
        raise _not_found()
    return Command(caller(request).user_id, UUID(text), traceparent(request), lambda: _hung_up(request))


def _cursor(text: str | None) -> Cursor:
    try:
        return START if text is None else from_text(text)
    except BadCursorError as error:
        raise _bad_query("cursor", str(error)) from None


def _storable(text: str | None) -> str | None:
    """PostgreSQL's text holds no NUL, so neither does any topic's name."""
    if text is not None and "\0" in text:
        raise _bad_query("topic", "a NUL is in no topic's name")
    return text


def _bad_query(name: str, reason: str) -> HttpError:
    return HttpError(422, [{"loc": ["query", name], "msg": reason, "type": f"bad_{name}"}])


def _hung_up(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _not_found() -> HttpError:
    return HttpError(404, bodies.DOCUMENT_NOT_FOUND)
