"""One request to the store, signed: what `signRequest` of Uppy's AwsS3 (version 6) asks for.

The client begins, lists, completes and aborts by URLs of its own. So the store's id of an upload is known here once the
client names it: it is believed where the store says that it is an upload of that very key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from docuvault_contracts.http_multipart import SignRequest
from docuvault_contracts.keys import parse_key

from services.chassis.storage_parts import MOST_PARTS, Method, UploadNotFoundError
from services.upload.decide import Refused
from services.upload.document import Document
from services.upload.multipart.begin import BeginMultipart
from services.upload.multipart.rules import BEGIN_SECONDS, Closed, open_upload, url_seconds
from services.upload.multipart.shelf import Shelf
from services.upload.multipart.uploads import MultipartUploads
from services.upload.ports import Command
from services.upload.uploads import File, RequestUpload, Upload


@dataclass(frozen=True, slots=True)
class Signed:
    """A URL that may be sent now, with these headers; it is a key, never to be logged."""

    document: Document
    url: str
    expires_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


class SignRequests:
    """Signs what is asked for. A refusal is a value; raises Transient."""

    def __init__(
        self, shelf: Shelf, uploads: MultipartUploads, begin: BeginMultipart, request_upload: RequestUpload
    ) -> None:
        self._shelf = shelf
        self._uploads = uploads
        self._begin = begin
        self._request_upload = request_upload

    async def __call__(self, asked: SignRequest, user_id: UUID, traceparent: str) -> Signed | Closed | Refused:
        """The signed request."""
        if asked.uploadId is None:
            return await self._first(asked, user_id, traceparent)
        key = parse_key(asked.key)
        document = None if key is None else await self._shelf.documents.find(user_id, key.document_id)
        if document is None or document.object_key != asked.key:
            return Closed.UNKNOWN
        if asked.method == "DELETE":
            found = await self._uploads.abort(Command(user_id, document.id, traceparent), asked.uploadId)
        else:
            found = await self._claimed(document, asked.uploadId)
        return found if isinstance(found, Closed) else self._sign(found, asked, self._shelf.lives.url_seconds)

    async def _first(self, asked: SignRequest, user_id: UUID, traceparent: str) -> Signed | Refused:
        """A PUT of the whole file, or a POST that begins an upload."""
        file = File(str(asked.filename), asked.contentType, asked.size_bytes)
        if asked.method == "PUT":
            upload = await self._request_upload(user_id, file, traceparent)
            return upload if isinstance(upload, Refused) else _put(upload)
        document = await self._begin.open(user_id, file, traceparent)
        return document if isinstance(document, Refused) else self._sign(document, asked, BEGIN_SECONDS, traceparent)

    async def _claimed(self, found: Document, upload_id: str) -> Document | Closed:
        """The document, whose upload this is."""
        document = open_upload(found, self._shelf.now(), upload_id)
        if isinstance(document, Closed) or document.upload_id is not None:
            return document
        try:
            await self._shelf.store.list_parts(document.object_key, upload_id)
        except UploadNotFoundError:
            return Closed.UNKNOWN
        return document if await self._shelf.multiparts.name(document.id, upload_id) == upload_id else Closed.UNKNOWN

    def _sign(self, document: Document, asked: SignRequest, most: int, traceparent: str | None = None) -> Signed:
        now = self._shelf.now()
        seconds = url_seconds(document, now, most, asked.expiresIn)
        query = _query(asked.method, asked)
        url = self._shelf.store.presigned(asked.method, document.object_key, seconds, query, traceparent)
        return Signed(document, url, now + timedelta(seconds=seconds))


def _put(upload: Upload) -> Signed:
    return Signed(upload.document, upload.url, upload.document.expires_at, upload.headers)


def _query(method: Method, asked: SignRequest) -> Mapping[str, str]:
    """What S3 calls it. A list comes whole, since Uppy reads no second page."""
    if asked.uploadId is None:
        return {"uploads": ""}
    part = {} if asked.partNumber is None else {"partNumber": str(asked.partNumber)}
    most = {"max-parts": str(MOST_PARTS)} if method == "GET" else {}
    return {"uploadId": asked.uploadId, **part, **most}
