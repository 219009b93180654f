"""What an upload in parts works with: its row, its upload at the store, and what has become of either.

The row is committed before the store is asked to begin an upload, so there is none that no row knows of. Whatever is
cut off in between, the janitor ends the uploads of its key once the document has expired, or is gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

import structlog
from docuvault_contracts.cloudevents import Message
from msgspec.structs import replace

from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.chassis.storage import ObjectStat
from services.chassis.storage_parts import MultipartStorage
from services.upload.decide import Refused
from services.upload.document import STORED, Document, Status
from services.upload.multipart.rules import Closed, open_upload
from services.upload.ports import Command, Documents

log = structlog.get_logger(__name__)

Stat = Callable[[str], Awaitable[ObjectStat | None]]
"""What the store holds under exactly a key. Raises Transient."""


class Multiparts(Protocol):
    """What is kept of uploads in parts beside their documents. Every method raises Transient."""

    async def name(self, document_id: UUID, upload_id: str) -> str | None:
        """Writes down the store's upload, where none is known; which it is then, None where it is not pending."""
        ...

    async def abort(self, document: Document, message: Message) -> bool:
        """Makes a pending document a tombstone together with its event; False where it was none any more."""
        ...


@dataclass(frozen=True, slots=True)
class Lives:
    """How long an upload may take, and how long a URL of one of its parts lives at most."""

    upload: timedelta
    url_seconds: int


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the bytes of uploads in parts lie, and what is known of them: all that an upload in parts works with."""

    documents: Documents
    multiparts: Multiparts
    store: MultipartStorage
    stat: Stat
    lives: Lives
    now: Callable[[], datetime] = utc_now

    async def named(self, found: Document | None) -> Document | Closed:
        """The open document with its upload's id: one that came back from Kafka, or whose replica died, knows none."""
        document = open_upload(found, self.now())
        if isinstance(document, Closed) or document.upload_id is not None:
            return document
        if await self.stat(document.object_key) is not None:
            return Closed.COMPLETE
        uploads = await self.store.list_uploads(document.object_key)
        return await (self._name(document, uploads[0].upload_id) if uploads else self.begin(document))

    async def begin(self, document: Document, traceparent: str | None = None) -> Document | Closed:
        """The document, whose upload is begun at the store; closed where it was deleted meanwhile."""
        upload_id = await self.store.create(document.object_key, document.content_type, traceparent)
        failpoint("multipart.after_begin")
        named = await self._name(document, upload_id)
        if isinstance(named, Closed) or named.upload_id != upload_id:  # deleted, or begun by somebody else, meanwhile
            await self.end(document, upload_id)
        return named

    async def _name(self, document: Document, upload_id: str) -> Document | Closed:
        known = await self.multiparts.name(document.id, upload_id)
        return Closed.UNKNOWN if known is None else replace(document, upload_id=known)

    async def end(self, document: Document, upload_id: str) -> None:
        """Ends an upload; where the store is away that is left to the janitor."""
        try:
            await self.store.abort(document.object_key, upload_id)
        except Transient as error:
            log.warning("upload.abort_delayed", document_id=str(document.id), reason=str(error))

    async def after(self, command: Command) -> Document | Refused | Closed:
        """What has become of an upload that the store does not know: completed by somebody, aborted, or lost there."""
        document = await self.documents.find(command.user_id, command.document_id)
        if document is None:
            return Closed.UNKNOWN
        if (known := decided(document)) is not None:
            return known
        return document if await self.stat(document.object_key) is not None else Closed.LOST


def decided(document: Document | None) -> Document | Refused | Closed | None:
    """What a complete answers by the row alone; None where the store has to be asked."""
    if document is None or not document.multipart:
        return Closed.UNKNOWN
    if document.status is Status.REJECTED:
        return Refused(document.used_bytes, document.limit_bytes, document.rejected_bytes)
    if not document.is_live:
        return Closed.UNKNOWN
    return document if document.status in STORED else None
