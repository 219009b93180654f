"""What owners do with large uploads: sign parts, list parts, complete, abort. The ledger decides what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.chassis.failpoints import failpoint
from services.chassis.storage_parts import Part, PartsRefusedError, UploadNotFoundError
from services.upload.decide import Refused
from services.upload.document import Document
from services.upload.messages import document_deleted
from services.upload.multipart.rules import Closed, abortable, url_seconds
from services.upload.multipart.shelf import Shelf, decided
from services.upload.ports import Command


@dataclass(frozen=True, slots=True)
class SignedParts:
    """URLs by part number, and when they end. They are keys, never to be logged."""

    urls: Mapping[int, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class BadParts:
    """The store makes no object of these parts, by its own code."""

    code: str


class MultipartUploads:
    """What owners do with an upload in parts that was begun. A refusal is a value; every method raises Transient."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def sign_parts(self, command: Command, numbers: Sequence[int]) -> SignedParts | Closed:
        """URLs for parts, signed without asking the store."""
        document = await self._open(command)
        if isinstance(document, Closed):
            return document
        now = self._shelf.now()
        seconds = url_seconds(document, now, self._shelf.lives.url_seconds)
        urls = {number: self._sign_part(document, number, seconds) for number in numbers}
        return SignedParts(urls, now + timedelta(seconds=seconds))

    def _sign_part(self, document: Document, number: int, seconds: int) -> str:
        query = {"partNumber": str(number), "uploadId": str(document.upload_id)}
        return self._shelf.store.presigned("PUT", document.object_key, seconds, query)

    async def list_parts(self, command: Command) -> Sequence[Part] | Closed:
        """The parts that the store holds, by number."""
        document = await self._open(command)
        if isinstance(document, Closed):
            return document
        try:
            return await self._shelf.store.list_parts(document.object_key, str(document.upload_id))
        except UploadNotFoundError:
            found = await self._shelf.after(command)
        if isinstance(found, Refused):
            return Closed.UNKNOWN
        return found if isinstance(found, Closed) else Closed.COMPLETE

    async def complete(
        self, command: Command, parts: Sequence[tuple[int, str]]
    ) -> Document | Closed | Refused | BadParts:
        """The document, whose object is there now; what it costs the ledger decides, and confirm tells."""
        found = await self._shelf.documents.find(command.user_id, command.document_id)
        if (known := decided(found)) is not None:
            return known
        document = await self._shelf.named(found)
        if isinstance(document, Closed):
            return document
        try:
            await self._shelf.store.complete(document.object_key, str(document.upload_id), parts)
        except UploadNotFoundError:
            return await self._shelf.after(command)
        except PartsRefusedError as error:
            return BadParts(error.code)
        failpoint("multipart.after_complete")
        return document

    async def abort(self, command: Command, upload_id: str | None = None) -> Document | Closed:
        """The document, which is gone: first the row, so that nothing brings it back, then the parts.

        A client that names the upload ends it itself. Should it not, or the store be away, the janitor does, who hears
        of the deletion.
        """
        document = abortable(await self._shelf.documents.find(command.user_id, command.document_id), upload_id)
        if isinstance(document, Closed):
            return document
        event = document_deleted(document, self._shelf.now(), command.traceparent)
        if not await self._shelf.multiparts.abort(document, event):
            now = abortable(await self._shelf.documents.find(command.user_id, command.document_id))
            return now if isinstance(now, Closed) else Closed.UNKNOWN
        failpoint("multipart.after_abort")
        if upload_id is None and document.upload_id is not None:
            await self._shelf.end(document, document.upload_id)
        return document

    async def _open(self, command: Command) -> Document | Closed:
        return await self._shelf.named(await self._shelf.documents.find(command.user_id, command.document_id))
