"""Downloads: a URL of a minute, by which the store gives the bytes and the browser saves them under the file's name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.chassis.storage import ObjectStorage
from services.upload.decide import NotStored, as_stored
from services.upload.document import Document
from services.upload.ports import Command, Documents

URL_SECONDS = 60
"""Long enough to follow a redirect; a download that has begun goes on beyond it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where bytes are; the URL is a key, never to be logged."""

    url: str
    expires_at: datetime


class Download:
    """Signs a GET of a document that is uploaded."""

    def __init__(self, documents: Documents, storage: ObjectStorage) -> None:
        self._documents = documents
        self._storage = storage

    async def __call__(self, command: Command) -> Place | NotStored:
        """The document's bytes. Raises Transient."""
        found = as_stored(await self._documents.find(command.user_id, command.document_id))
        if not isinstance(found, Document):
            return found
        expires_at = datetime.now(UTC) + timedelta(seconds=URL_SECONDS)
        url = await self._storage.presigned_download_url(
            found.object_key, URL_SECONDS, found.filename, found.content_type
        )
        return Place(url, expires_at)
