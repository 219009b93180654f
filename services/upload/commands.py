"""What owners do to their documents besides confirming them: delete them, have them classified again."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from services.chassis.failpoints import failpoint
from services.upload.decide import NotStored, as_stored, is_settled
from services.upload.document import Document
from services.upload.messages import document_deleted, reclassify_requested
from services.upload.ports import Command, Documents, Patience
from services.upload.waiters import Limit, Waiters, Watch, until


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

    async def __call__(self, command: Command) -> Document | NotStored:
        """The document that will be classified; its event is kept before this returns. Raises Transient."""
        found = as_stored(await self._documents.find(command.user_id, command.document_id))
        if isinstance(found, Document):
            await self._documents.announce(reclassify_requested(found, datetime.now(UTC), command.traceparent))
        return found
