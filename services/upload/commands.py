"""What owners do to their documents besides confirming them: ask for a URL, delete, have them classified again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from docuvault_contracts.keys import make_key, new_document_id

from services.chassis.failpoints import failpoint
from services.chassis.storage import ObjectStorage
from services.upload.decide import NotClassifiable, classifiable, is_settled
from services.upload.document import Document
from services.upload.messages import document_deleted, reclassify_requested, upload_requested
from services.upload.ports import Command, Documents, Patience
from services.upload.waiters import Limit, Waiters, Watch, until


@dataclass(frozen=True, slots=True)
class Upload:
    """A pending document and where its bytes go; the URL is a key, never to be logged."""

    document: Document
    url: str


class RequestUpload:
    """Makes a pending document and its presigned URL, which lives for `url_minutes`."""

    def __init__(self, documents: Documents, storage: ObjectStorage, url_minutes: int) -> None:
        self._documents = documents
        self._storage = storage
        self._url_minutes = url_minutes

    async def __call__(self, user_id: UUID, filename: str, content_type: str, traceparent: str) -> Upload:
        """Signs first, so that no row is left where signing fails; the URL is out only once the row is committed."""
        document = self._new(user_id, filename, content_type)
        url = await self._storage.generate_presigned_put_url(document.object_key, self._url_minutes)
        failpoint("upload_url.after_sign")
        await self._documents.create(document, upload_requested(document, traceparent))
        failpoint("upload_url.after_commit")
        return Upload(document, url)

    def _new(self, user_id: UUID, filename: str, content_type: str) -> Document:
        now, document_id = datetime.now(UTC), new_document_id()
        return Document(
            id=document_id,
            user_id=user_id,
            object_key=str(make_key(user_id, document_id, filename)),
            filename=filename,
            content_type=content_type,
            created_at=now,
            updated_at=now,
            expires_at=now + timedelta(minutes=self._url_minutes),
        )


class Delete:
    """Deletes a document, and waits a little so that its owner sees the quota fallen right after."""

    def __init__(self, documents: Documents, waiters: Waiters, patience: Patience) -> None:
        self._documents = documents
        self._waiters = waiters
        self._patience = patience

    async def __call__(self, command: Command) -> bool:
        """False where there is no such live document. Raises Transient where nothing was done."""
        limit = self._patience.limit(command)
        with self._waiters.watch(command.document_id) as watch:
            if not await self._bury(command):
                return False
            await self._wait(command, watch, limit)
        return True

    async def _bury(self, command: Command) -> bool:
        document = await self._documents.find(command.user_id, command.document_id)
        if document is None or not document.is_live:
            return False
        failpoint("delete.before_commit")
        done = await self._documents.delete(
            document, document_deleted(document, datetime.now(UTC), command.traceparent)
        )
        failpoint("delete.after_commit")
        return done

    async def _wait(self, command: Command, watch: Watch, limit: Limit) -> None:
        read = partial(self._documents.find, command.user_id, command.document_id)
        await until(watch, read, is_settled, limit)


class Reclassify:
    """Asks the classifier to look at a document again."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def __call__(self, command: Command) -> Document | NotClassifiable:
        """The document that will be classified; its event is kept before this returns. Raises Transient."""
        found = classifiable(await self._documents.find(command.user_id, command.document_id))
        if isinstance(found, Document):
            await self._documents.announce(reclassify_requested(found, datetime.now(UTC), command.traceparent))
        return found
