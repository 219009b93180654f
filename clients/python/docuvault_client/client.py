"""The client: one object for one caller of one docuvault."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

import aiohttp
from docuvault_contracts.http import Document, DocumentPage, DocumentSort, DocumentStatus, Quota
from docuvault_contracts.http_live import DocumentTimeline, StreamHello, StreamRemoved, StreamReset
from docuvault_contracts.http_topics import Topic, TopicList

from docuvault_client.batches import Batches
from docuvault_client.downloads import Download
from docuvault_client.errors import NotFound, NotYet, Unauthorized
from docuvault_client.events import Event, Listener
from docuvault_client.many import Done, Outcome, upload_all
from docuvault_client.progress import Watch, nobody
from docuvault_client.resume import Journal
from docuvault_client.retry import Patience
from docuvault_client.sources import File, Source
from docuvault_client.store import Store
from docuvault_client.transport import Api, Token
from docuvault_client.uploads import Uploader

PARTS_FROM = 100 * 1024**2
"""Files of 100 MiB and more are sent in parts."""
PARALLEL = 4
CLASSIFIED = frozenset({"classified", "classification_failed"})


class DocuvaultClient:
    """Calls the API at `base_url` as whoever `token` speaks for. Use it as `async with`.

    Every call is tried again while that may help, and makes nothing twice by that. All raise DocuvaultError: what is
    wrong, as a type. `journal` remembers uploads in parts, so that a later run goes on with them.
    """

    def __init__(  # noqa: PLR0913 - all by name, all but two have a default
        self,
        base_url: str,
        token: Token,
        *,
        patience: Patience | None = None,
        journal: Journal | None = None,
        parts_from: int = PARTS_FROM,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._base_url, self._token = base_url, token
        self._journal, self._parts_from = journal, parts_from
        self._given = session

    async def __aenter__(self) -> Self:
        """Opens a session of its own, unless one was given."""
        self._session = self._given or aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._api = Api(self._session, self._base_url, self._token, self._patience)
        self._store = Store(self._session, self._patience)
        self._uploader = Uploader(self._api, self._store, self._journal, self._parts_from, PARALLEL)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._given is None:
            await self._session.close()

    async def upload(self, source: Source | str | os.PathLike[str], watch: Watch = nobody) -> Document:
        """Stores a source, or the file at a path: returns once it is paid for.

        Raises QuotaExceeded, Invalid, SourceChanged, SourceUnreadable, StoreRefused, UploadLost, NotYet, Unavailable.
        """
        return await self._uploader.upload(_source(source), watch)

    async def upload_many(
        self,
        sources: Sequence[Source | str | os.PathLike[str]],
        *,
        parallel: int = PARALLEL,
        watch: Callable[[Source], Watch] = lambda _: nobody,
        done: Done = lambda _: None,
    ) -> list[Outcome]:
        """What became of each, in their order; `done` hears it at once. Of the uploads' errors none is raised.

        Small ones that follow each other are asked for together.
        """
        given = [_source(each) for each in sources]
        batches = Batches(self._uploader, given)

        async def upload(place: int, source: Source, watching: Watch) -> Document:
            return await self._uploader.upload(source, watching, batches.of(place))

        outcomes = await upload_all(upload, given, parallel, watch, done)
        await batches.give_back()
        return outcomes

    async def get(self, document_id: UUID) -> Document:
        """One document. Raises NotFound."""
        return await self._api.get(Document, f"/api/documents/{document_id}")

    async def timeline(self, document_id: UUID) -> DocumentTimeline:
        """What happened to it, and what it waits for. Raises NotFound."""
        return await self._api.get(DocumentTimeline, f"/api/documents/{document_id}/timeline")

    async def documents(
        self,
        *,
        search: str | None = None,
        sort: DocumentSort | None = None,
        status: DocumentStatus | None = None,
        topic: str | None = None,
    ) -> AsyncIterator[Document]:
        """All documents, newest first unless `sort` says otherwise, page by page.

        `search` has words of the file name, `topic` is an id or a name.
        """
        asked = {"search": search, "sort": sort, "status": status, "topic": topic}
        query = {"limit": "100"} | {name: said for name, said in asked.items() if said}
        cursor: str | None = ""
        while cursor is not None:
            page = await self._api.get(
                DocumentPage, "/api/documents", **query, **({"cursor": cursor} if cursor else {})
            )
            for document in page.items:
                yield document
            cursor = page.next_cursor

    async def delete(self, document_id: UUID) -> None:
        """Deletes it; its bytes count no more. Raises NotFound."""
        await self._api.delete(f"/api/documents/{document_id}")

    async def download(self, document_id: UUID, path: str | os.PathLike[str]) -> Path:
        """Saves the bytes at `path`, whole or not at all. Raises NotFound, Conflict while pending, OSError."""
        return await Download(self._api, self._store).save(document_id, Path(path))

    async def quota(self) -> Quota:
        """The caller's account. Raises NotFound where there is none."""
        return await self._api.get(Quota, "/api/auth/me/quota")

    async def topics(self) -> Sequence[Topic]:
        """The caller's topics."""
        return (await self._api.get(TopicList, "/api/topics")).items

    async def events(self, last_id: str | None = None) -> AsyncGenerator[Event]:
        """What goes on, as it happens, until the token expires; resumed by itself. Close it with `aclosing`."""
        async with aclosing(Listener(self._session, self._api, last_id).events()) as events:
            async for event in events:
                yield event

    async def wait_classified(self, document_id: UUID, seconds: float = 300.0) -> Document:
        """The document once it is classified, or that failed. Raises NotYet after so many seconds, NotFound."""
        try:
            async with asyncio.timeout(seconds):
                return await self._classified(document_id)
        except TimeoutError:
            raise NotYet(
                document_id, f"it is not classified after {seconds:g} seconds: document {document_id}"
            ) from None

    async def _classified(self, document_id: UUID) -> Document:
        async with aclosing(self.events()) as events:
            async for event in events:
                found = None
                if isinstance(event, StreamHello | StreamReset):  # what was before is told by nobody
                    found = await self.get(document_id)
                elif isinstance(event, StreamRemoved) and event.id == document_id:
                    raise NotFound(f"the document is {event.reason}")
                elif isinstance(event, Document) and event.id == document_id:
                    found = event
                if found is not None and found.status in CLASSIFIED:
                    return found
        raise Unauthorized("the token has expired")


def _source(given: Source | str | os.PathLike[str]) -> Source:
    return File(Path(given)) if isinstance(given, str | os.PathLike) else given
