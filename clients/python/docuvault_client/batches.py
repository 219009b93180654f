"""URLs for many small uploads by one request, asked for when the first of them is needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from docuvault_contracts.http import UploadUrlRequest, UploadUrlResponse
from docuvault_contracts.http_uploads import MAX_FILES, UploadUrlsRequest, UploadUrlsResponse

from docuvault_client.errors import DocuvaultError, Invalid, NotFound, QuotaExceeded, Unexpected
from docuvault_client.sources import Source
from docuvault_client.uploads import DISCARD_SECONDS, Sign, Uploader, request_of

MOST_BYTES = 64 * 1024**2
"""What is asked for together: so little that its URLs are used long before they expire."""
SPARE = timedelta(minutes=1)
"""A URL that ends so soon is not begun with."""
UNBATCHED = (Invalid, NotFound, Unexpected)
"""What says that the batch is none, and nothing of any file: each is asked for alone."""
Asked = Mapping[int, UploadUrlRequest]
"""What is asked for together, by the source's place."""
Given = UploadUrlResponse | DocuvaultError


class Batches:
    """Signs uploads of `sources`, which are begun in their order; what fails a batch fails those it was for."""

    def __init__(self, uploader: Uploader, sources: Sequence[Source]) -> None:
        self._uploader = uploader
        self._sources = sources
        self._lock = asyncio.Lock()
        self._given: dict[int, tuple[UploadUrlRequest, Given]] = {}
        self._seen = 0

    def of(self, place: int) -> Sign:
        """Signs the upload of the source at that place."""

        async def sign(wanted: UploadUrlRequest) -> UploadUrlResponse:
            return await self._sign(place, wanted)

        return sign

    async def give_back(self) -> None:
        """Discards what was given and is not used: of sources that could not be read any more."""
        unused = [given.document_id for _, given in self._given.values() if isinstance(given, UploadUrlResponse)]
        self._given.clear()
        with suppress(DocuvaultError, TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                for document_id in unused:
                    await self._uploader.api.delete(f"/api/documents/{document_id}")

    async def _sign(self, place: int, wanted: UploadUrlRequest) -> UploadUrlResponse:
        async with self._lock:  # whoever comes meanwhile finds theirs in what is being asked for
            if place >= self._seen:
                await self._ask(await self._look(place, wanted))
        asked, given = self._given.pop(place, (None, None))
        if isinstance(given, DocuvaultError):
            raise given
        if given is not None:
            if asked == wanted and given.expires_at > datetime.now(UTC) + SPARE:
                return given
            await self._uploader.discard(given.document_id)
        return await self._uploader.sign(wanted)

    async def _look(self, place: int, wanted: UploadUrlRequest) -> Asked:
        """What is wanted of this source, and of those after it that go with it."""
        asked, left = {place: wanted}, MOST_BYTES - (wanted.size_bytes or 0)
        self._seen = place + 1
        for other in range(place + 1, min(place + MAX_FILES, len(self._sources))):
            found = await self._wanted(self._sources[other])
            left -= (found.size_bytes or 0) if found else 0
            if left < 0:
                break
            if found is not None:
                asked[other] = found
            self._seen = other + 1
        return asked

    async def _wanted(self, source: Source) -> UploadUrlRequest | None:
        """None for what goes its own way; that it cannot be read is said when its turn has come."""
        with suppress(DocuvaultError):
            async with source.open() as reader:
                if reader.again and reader.size < self._uploader.parts_from:
                    return request_of(UploadUrlRequest, source, reader, bound=True)
        return None

    async def _ask(self, asked: Asked) -> None:
        if len(asked) == 1:
            return
        body = UploadUrlsRequest(files=tuple(asked.values()))
        try:
            answer = await self._uploader.api.post(UploadUrlsResponse, "/api/documents/upload-urls", body, once=True)
        except UNBATCHED:
            return
        except DocuvaultError as error:
            self._give(asked, dict.fromkeys(range(len(asked)), error))
        else:
            urls: dict[int, Given] = {upload.index: upload for upload in answer.uploads}
            self._give(asked, urls | {each.index: QuotaExceeded(each.detail) for each in answer.refused})

    def _give(self, asked: Asked, given: Mapping[int, Given]) -> None:
        for index, (place, wanted) in enumerate(asked.items()):
            if index in given:
                self._given[place] = (wanted, given[index])
