"""Large uploads: in parts, several at a time, gone on with where an earlier run left off."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from docuvault_contracts.http_multipart import (
    MULTIPART_COMPLETE,
    Completed,
    CompletedPart,
    CompleteRequest,
    Multipart,
    MultipartRequest,
    SignedParts,
    SignPartsRequest,
    UploadedPart,
)

from docuvault_client.errors import (
    Conflict,
    DocuvaultError,
    NotFound,
    QuotaExceeded,
    SourceChanged,
    StoreRefused,
    UploadLost,
    first_of,
)
from docuvault_client.progress import Meter, Step
from docuvault_client.resume import Begun, Journal
from docuvault_client.sources import Reader
from docuvault_client.store import Place, Store
from docuvault_client.transport import Api, parsed

FORBIDDEN = 403
DISCARD_SECONDS = 5.0
URLS = 3
"""How many URLs one part may use up."""


@dataclass(frozen=True, slots=True)
class _Part:
    number: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class InParts:
    """Uploads in parts to one API."""

    api: Api
    store: Store
    journal: Journal | None
    parallel: int

    async def send(self, reader: Reader, wanted: MultipartRequest, meter: Meter) -> UUID:
        """The document, whose object is made. Raises DocuvaultError; what is in the store is gone on with later."""
        begun = self._remembered(reader)
        try:
            there = None if begun is None else await self._parts_of(begun.document_id)
        except (NotFound, Conflict) as gone:
            if begun is not None and str(gone) == MULTIPART_COMPLETE:
                return self._done(reader, begun.document_id)
            there = None
        if begun is None or there is None:
            begun, there = await self._begin(reader, wanted), {}
        try:
            await self._send(reader, begun, there, meter)
        except (SourceChanged, QuotaExceeded, NotFound):
            await self._abort(self._done(reader, begun.document_id))
            raise
        return self._done(reader, begun.document_id)

    async def _abort(self, document_id: UUID) -> None:
        """No run will go on with it. Where the API is away its parts go when it has expired."""
        with suppress(DocuvaultError, TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                await self.api.call("DELETE", _path(document_id))

    def _remembered(self, reader: Reader) -> Begun | None:
        return self.journal.find(self.api.url, reader.identity) if self.journal and reader.identity else None

    def _done(self, reader: Reader, document_id: UUID) -> UUID:
        if self.journal and reader.identity:
            self.journal.forget(self.api.url, reader.identity)
        return document_id

    async def _begin(self, reader: Reader, wanted: MultipartRequest) -> Begun:
        made = await self.api.post(Multipart, "/api/documents/multipart", wanted, once=True)
        begun = Begun(made.document_id, made.part_size_bytes)
        if self.journal and reader.identity:
            self.journal.note(self.api.url, reader.identity, begun)
        return begun

    async def _parts_of(self, document_id: UUID) -> Mapping[int, UploadedPart]:
        answer = await self.api.call("GET", f"{_path(document_id)}/parts")
        found = [parsed(UploadedPart, each) for each in answer.body or ()]
        return {part.PartNumber: part for part in found}

    async def _send(self, reader: Reader, begun: Begun, there: Mapping[int, UploadedPart], meter: Meter) -> None:
        meter.at(Step.SENDING)
        etags: dict[int, str] = {}
        waiting = iter(_cut(reader.size, begun.part_bytes))

        async def work() -> None:
            for part in waiting:
                etags[part.number] = await self._part(reader, begun, part, there.get(part.number), meter)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.parallel):
                    group.create_task(work())
        except BaseExceptionGroup as troubles:
            raise first_of(troubles) from None
        parts = tuple(CompletedPart(PartNumber=number, ETag=etags[number]) for number in sorted(etags))
        await self._complete(reader, begun, CompleteRequest(parts=parts))

    async def _part(self, reader: Reader, begun: Begun, part: _Part, there: UploadedPart | None, meter: Meter) -> str:
        """The etag of a part that the store holds, sent now unless it holds these very bytes already."""
        if there is not None and there.Size == part.size and await _md5(reader, part) == there.ETag:
            meter.moved(part.size)
            return there.ETag
        for left in reversed(range(URLS)):
            signing = SignPartsRequest(part_numbers=(part.number,))
            signed = await self.api.post(SignedParts, f"{_path(begun.document_id)}/parts/sign", signing)
            try:
                place = Place(signed.urls[str(part.number)])
                return await self.store.put(place, reader, part.start, part.size, meter.moved)
            except StoreRefused as refused:
                if not left or refused.status != FORBIDDEN:
                    raise
        raise AssertionError("the last one returns or raises")

    async def _complete(self, reader: Reader, begun: Begun, request: CompleteRequest) -> None:
        try:
            await self.api.post(Completed, f"{_path(begun.document_id)}/complete", request)
        except Conflict as refused:
            self._done(reader, begun.document_id)
            if str(refused) != MULTIPART_COMPLETE:
                raise UploadLost(str(refused)) from None


def _path(document_id: UUID) -> str:
    return f"/api/documents/multipart/{document_id}"


def _cut(size: int, part_bytes: int) -> list[_Part]:
    """All parts, in order; one of nothing for an empty source."""
    starts = range(0, size, part_bytes) or range(1)
    return [_Part(at + 1, start, min(part_bytes, size - start)) for at, start in enumerate(starts)]


async def _md5(reader: Reader, part: _Part) -> str:
    """What S3 calls a part by: where a file was changed and its time set back, no old part goes into the new one."""
    digest = hashlib.md5(usedforsecurity=False)
    async for piece in reader.chunks(part.start, part.size):
        digest.update(piece)
    return digest.hexdigest()
