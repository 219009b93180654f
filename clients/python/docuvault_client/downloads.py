"""Downloads to a path: beside it first, gone on with where the connection was cut, then in its place."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from docuvault_contracts.http import Document
from docuvault_contracts.http_uploads import DownloadUrl

from docuvault_client.errors import Unavailable
from docuvault_client.store import Fetched, Store
from docuvault_client.transport import Api


@dataclass(frozen=True, slots=True)
class Download:
    """Fetches documents of one API."""

    api: Api
    store: Store

    async def save(self, document_id: UUID, path: Path) -> Path:
        """The path, which has all bytes of the document. Raises DocuvaultError, OSError."""
        document = await self.api.get(Document, f"/api/documents/{document_id}")
        half = path.with_name(f".{uuid4().hex}.part")
        try:
            with half.open("xb") as file:
                await self._fetch(document, file)
            os.replace(half, path)  # noqa: PTH105 - whatever was there
        finally:
            with suppress(OSError):
                half.unlink()
        return path

    async def _fetch(self, document: Document, file: IO[bytes]) -> None:
        patience, tried, fetched = self.api.patience, 0, Fetched()
        while True:
            at = fetched.size
            try:
                await self._rest(document.id, file, fetched)
                if fetched.size >= document.size_bytes:
                    return
                trouble = Unavailable("the store sent less than there is")
            except Unavailable as error:
                trouble = error
            tried = 1 if fetched.size > at else tried + 1
            if tried >= patience.tries:
                raise trouble
            await asyncio.sleep(patience.pause(tried))

    async def _rest(self, document_id: UUID, file: IO[bytes], fetched: Fetched) -> None:
        """A URL lives for a minute, so that each try has one of its own."""
        given = await self.api.get(DownloadUrl, f"/api/documents/{document_id}/download")
        async with aclosing(self.store.get(given.url, fetched)) as pieces:
            async for piece in pieces:
                await asyncio.to_thread(file.write, piece)
