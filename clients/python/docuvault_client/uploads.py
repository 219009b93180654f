"""One upload: in one request by a bound URL, or in parts where it is large."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from docuvault_contracts.http import Document, UploadUrlRequest, UploadUrlResponse, stored_name
from docuvault_contracts.http_multipart import MAX_UPLOAD_BYTES, MultipartRequest
from pydantic import ValidationError

from docuvault_client.decision import decided
from docuvault_client.errors import DocuvaultError, Invalid, StoreRefused
from docuvault_client.parts import InParts
from docuvault_client.progress import Meter, Step, Watch
from docuvault_client.resume import Journal
from docuvault_client.sources import Reader, Source
from docuvault_client.store import Place, Store
from docuvault_client.transport import Api

MOST_AT_ONCE = 5 * 1024**3
"""What S3 takes in one request."""
URLS = 3
"""How many URLs one upload may use up: each lives for minutes, and a slow line may need another."""
DISCARD_SECONDS = 5.0
Sign = Callable[[UploadUrlRequest], Awaitable[UploadUrlResponse]]
"""Gives a URL for what is asked for. Raises DocuvaultError."""
M = TypeVar("M", UploadUrlRequest, MultipartRequest)


@dataclass(frozen=True, slots=True)
class Uploader:
    """Uploads to one API; `parts_from` is the size in bytes from which on a source is sent in parts."""

    api: Api
    store: Store
    journal: Journal | None
    parts_from: int
    parallel_parts: int

    async def upload(self, source: Source, watch: Watch, sign: Sign | None = None) -> Document:
        """The document, paid for; `sign` gives the URLs, unless it goes in parts. Raises DocuvaultError."""
        async with source.open() as reader:
            meter = Meter(reader.size, watch)
            meter.at(Step.ASKING)
            if reader.again and reader.size >= self.parts_from:
                wanted = request_of(MultipartRequest, source, reader)
                parts = InParts(self.api, self.store, self.journal, self.parallel_parts)
                document_id = await parts.send(reader, wanted, meter)
            else:
                request = request_of(UploadUrlRequest, source, reader, bound=True)
                document_id = await self._send(reader, request, meter, sign or self.sign)
        meter.at(Step.DECIDING)
        document = await decided(self.api, document_id)
        meter.at(Step.DONE)
        return document

    async def sign(self, wanted: UploadUrlRequest) -> UploadUrlResponse:
        """A URL for one upload. Raises DocuvaultError."""
        return await self.api.post(UploadUrlResponse, "/api/documents/upload-url", wanted, once=True)

    async def _send(self, reader: Reader, wanted: UploadUrlRequest, meter: Meter, sign: Sign) -> UUID:
        if reader.size > MOST_AT_ONCE:
            raise Invalid(f"more than {MOST_AT_ONCE:,} bytes of a stream cannot be sent")
        for left in reversed(range(URLS)):
            meter.at(Step.ASKING)
            given = await sign(wanted)
            try:
                await self._put(reader, given, meter)
            except StoreRefused:
                if not left or not reader.again or datetime.now(UTC) < given.expires_at:
                    raise
                continue
            return given.document_id
        raise AssertionError("the last one returns or raises")

    async def _put(self, reader: Reader, given: UploadUrlResponse, meter: Meter) -> None:
        meter.at(Step.SENDING)
        place = Place(given.upload_url, given.headers)
        try:
            await self.store.put(place, reader, 0, reader.size, meter.moved)
        except DocuvaultError:
            await self.discard(given.document_id)
            raise

    async def discard(self, document_id: UUID) -> None:
        """No document is left behind for which no bytes will come. What cannot be reached now is swept later."""
        with suppress(DocuvaultError, TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                await self.api.call("DELETE", f"/api/documents/{document_id}")


def request_of(model: type[M], source: Source, reader: Reader, **more: bool) -> M:
    """What is asked for. Raises Invalid for what the server would refuse anyhow, such as a name with a line break."""
    if reader.size > MAX_UPLOAD_BYTES:
        raise Invalid(f"more than {MAX_UPLOAD_BYTES:,} bytes cannot be stored")
    try:
        name = stored_name(source.name)
        return model.model_validate(
            {"filename": name, "content_type": source.content_type, "size_bytes": reader.size, **more}
        )
    except ValidationError as error:
        raise Invalid("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())) from None
    except ValueError as error:
        raise Invalid(f"its name cannot be stored: {error}") from None
