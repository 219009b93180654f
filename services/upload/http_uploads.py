"""The routes by which bytes come in and go out: URLs to put files to, one or many, and one to fetch a file from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiohttp import web
from docuvault_contracts.http import Request, UploadUrlRequest
from docuvault_contracts.http_uploads import IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_PATTERN, DownloadUrl, UploadUrlsRequest

from services.chassis.web import (
    HttpError,
    RateLimit,
    caller,
    error_response,
    json_response,
    note,
    read_body,
    traceparent,
)
from services.upload.answers import answer, upload_of_many, upload_of_one
from services.upload.decide import NotStored, Refused
from services.upload.download import Download
from services.upload.http_command import command_of, not_found
from services.upload.idempotency import Claim, KeyRefused, claim_of
from services.upload.uploads import File, Outcome, RequestUpload, RequestUploads, Upload

NOTHING_TO_DOWNLOAD = "The document has no confirmed upload yet, so there is nothing to download"
MOST_FILES_BYTES = 256 * 1024
"""Of a body: a hundred files with long names."""
_KEY = re.compile(IDEMPOTENCY_KEY_PATTERN.strip("^$"))
_REFUSED = {
    KeyRefused.REUSED: "another request was made under this key",
    KeyRefused.EXPIRED: "the URLs of the request under this key have expired: ask again under a new one",
}


@dataclass(frozen=True, slots=True)
class UploadRoutes:
    """The handlers of upload-url, upload-urls and download."""

    request_upload: RequestUpload
    request_uploads: RequestUploads
    download_document: Download
    signing: RateLimit

    def setup(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_post("/api/documents/upload-url", self.upload_url)
        app.router.add_post("/api/documents/upload-urls", self.upload_urls)
        app.router.add_get("/api/documents/{id:[^/]+}/download", self.download)

    async def upload_url(self, request: web.Request) -> web.Response:
        """200 with the URL, 413 where the declared size cannot fit, 422, 429."""
        self.signing.take(request)
        body = await read_body(request, UploadUrlRequest)
        claim = claim_in(request, "upload-url", body)
        if claim is None:
            made = await self.request_upload(caller(request).user_id, _file(body), traceparent(request))
        else:
            made = await self._under(claim, _file(body), request)
        if isinstance(made, Refused):
            return answer(made)
        note(request, document_id=str(made.document.id))
        return json_response(upload_of_one(made))

    async def upload_urls(self, request: web.Request) -> web.Response:
        """200 with a URL or a reason for each, 422, 429."""
        body = await read_body(request.clone(client_max_size=MOST_FILES_BYTES), UploadUrlsRequest)
        self.signing.take(request, len(body.files))
        files = [_file(each) for each in body.files]
        outcome = _used(
            await self.request_uploads(
                caller(request).user_id, files, traceparent(request), claim_in(request, "upload-urls", body)
            )
        )
        note(request, documents=len(outcome.uploads), refused=len(outcome.refused))
        return json_response(upload_of_many(outcome))

    async def download(self, request: web.Request) -> web.Response:
        """302, or 200 to who wants JSON; 404, 409 where there are no bytes yet."""
        found = await self.download_document(command_of(request))
        if found is NotStored.UNKNOWN:
            raise not_found()
        if found is NotStored.NO_BYTES:
            return error_response(409, NOTHING_TO_DOWNLOAD)
        if _wants_json(request):
            return json_response(DownloadUrl(url=found.url, expires_at=found.expires_at))
        return web.Response(status=302, headers={"Location": found.url})

    async def _under(self, claim: Claim, file: File, request: web.Request) -> Upload | Refused:
        outcome = _used(await self.request_uploads(claim.user_id, [file], traceparent(request), claim))
        return outcome.uploads[0] if outcome.uploads else outcome.refused[0]


def _wants_json(request: web.Request) -> bool:
    """Whether it names JSON: who takes whatever comes is redirected."""
    accepted = ",".join(request.headers.getall("Accept", [])).split(",")
    return any(each.partition(";")[0].strip().lower() == "application/json" for each in accepted)


def _file(body: UploadUrlRequest) -> File:
    return File(body.filename, body.content_type, body.size_bytes, body.bound)


def claim_in(request: web.Request, operation: str, body: Request) -> Claim | None:
    """None without a key. Raises HttpError 422 for one that is none, or for several."""
    given = request.headers.getall(IDEMPOTENCY_KEY, None)
    if given is None:
        return None
    if len(given) != 1 or _KEY.fullmatch(given[0]) is None:
        raise _bad_key("idempotency_key_malformed", "one key of 1 to 255 printable ASCII characters is wanted")
    return claim_of(caller(request).user_id, given[0], operation, body)


def _used(outcome: Outcome | KeyRefused) -> Outcome:
    if isinstance(outcome, KeyRefused):
        raise unusable(outcome)
    return outcome


def unusable(refused: KeyRefused) -> HttpError:
    """The answer where a key stands for something else, or for nothing any more."""
    return _bad_key(refused.value, _REFUSED[refused])


def _bad_key(kind: str, reason: str) -> HttpError:
    return HttpError(422, [{"loc": ["header", IDEMPOTENCY_KEY], "msg": reason, "type": kind}])
