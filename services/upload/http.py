"""The routes: a request in terms of a command, its outcome in terms of HTTP-CONTRACT.md, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
    read_query,
    within,
)
from services.upload.answers import accepted, answer, page, view
from services.upload.commands import Delete, Reclassify
from services.upload.confirm import Confirm
from services.upload.decide import Answer, NotStored
from services.upload.download import Download
from services.upload.http_command import command_of, not_found
from services.upload.http_uploads import UploadRoutes
from services.upload.listing import Wanted, read_page
from services.upload.paging import BadCursorError, Cursor, Listing, from_text
from services.upload.ports import Accounts, Command, Documents, Keys, Ledger, M, Patience
from services.upload.settings import Settings
from services.upload.sorts import Sort
from services.upload.uploads import RequestUpload, RequestUploads, Signer
from services.upload.waiters import Waiters

NOTHING_TO_CLASSIFY = "The document has no confirmed upload yet, so there is nothing to classify"
_WORK_SECONDS = 5.0
"""What a waiting route may take beside its wait."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The handlers of /api/documents; each answers 401 without a good token, and 503 where a server is away."""

    documents: Documents
    uploads: UploadRoutes
    confirm_upload: Callable[[Command], Awaitable[Answer]]
    delete_document: Delete
    reclassify: Reclassify
    confirm_seconds: float
    delete_seconds: float

    def setup(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_get("/api/documents", self.list_documents)
        self.uploads.setup(app)
        app.router.add_get("/api/documents/{id:[^/]+}", self.get)
        app.router.add_delete("/api/documents/{id:[^/]+}", within(self.delete_seconds + _WORK_SECONDS, self.delete))
        app.router.add_post(
            "/api/documents/{id:[^/]+}/confirm", within(self.confirm_seconds + _WORK_SECONDS, self.confirm)
        )
        app.router.add_post("/api/documents/{id:[^/]+}/classify", self.classify)

    async def confirm(self, request: web.Request) -> web.Response:
        """200, 202, 404, 413, 422; whatever body comes is not looked at."""
        return answer(await self.confirm_upload(command_of(request)))

    async def list_documents(self, request: web.Request) -> web.Response:
        """200 with a page, 422."""
        query = read_query(request, bodies.DocumentQuery)
        words = tuple((query.search or "").split())
        listing = Listing(Sort(query.sort), query.status, _storable(query.topic), words)
        wanted = Wanted(caller(request).user_id, query.limit, listing, _cursor(query.cursor, listing))
        return json_response(page(await read_page(self.documents, wanted), listing))

    async def get(self, request: web.Request) -> web.Response:
        """200, 404."""
        command = command_of(request)
        document = await self.documents.find(command.user_id, command.document_id)
        if document is None or not document.is_live:
            raise not_found()
        return json_response(view(document))

    async def delete(self, request: web.Request) -> web.Response:
        """204, 404."""
        if not await self.delete_document(command_of(request)):
            raise not_found()
        return web.Response(status=204)

    async def classify(self, request: web.Request) -> web.Response:
        """202, 404, 409 where there are no bytes yet."""
        command = command_of(request)
        outcome = await self.reclassify(command)
        if outcome is NotStored.UNKNOWN:
            raise not_found()
        if outcome is NotStored.NO_BYTES:
            return error_response(409, NOTHING_TO_CLASSIFY)
        return accepted(outcome)


@dataclass(frozen=True, slots=True)
class Tables:
    """What is kept in the database, for the routes."""

    documents: Documents
    accounts: Accounts
    keys: Keys


def make_routes(
    settings: Settings, tables: Tables, storage: ObjectStorage, ledger: Ledger[M], waiters: Waiters
) -> Routes:
    """The routes on these resources."""
    documents, signer = tables.documents, Signer(storage, settings.upload_url_minutes)
    poll = settings.poll_interval_seconds
    confirming = Patience(settings.confirm_wait_seconds, poll)
    return Routes(
        documents,
        UploadRoutes(
            RequestUpload(documents, tables.accounts, signer),
            RequestUploads(documents, tables.accounts, tables.keys, signer),
            Download(documents, storage),
            RateLimit("presigned URLs", Rate(settings.signing_per_second, settings.signing_burst)),
        ),
        Confirm(documents, storage, ledger, waiters, confirming),
        Delete(documents, waiters, Patience(settings.delete_wait_seconds, poll)),
        Reclassify(documents),
        settings.confirm_wait_seconds,
        settings.delete_wait_seconds,
    )


def _cursor(text: str | None, listing: Listing) -> Cursor | None:
    try:
        return None if text is None else from_text(text, listing)
    except BadCursorError as error:
        raise _bad_query("cursor", str(error)) from None


def _storable(text: str | None) -> str | None:
    """PostgreSQL's text holds no NUL, so neither does any topic's name."""
    if text is not None and "\0" in text:
        raise _bad_query("topic", "a NUL is in no topic's name")
    return text


def _bad_query(name: str, reason: str) -> HttpError:
    return HttpError(422, [{"loc": ["query", name], "msg": reason, "type": f"bad_{name}"}])
