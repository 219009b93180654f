"""One user of the upload service, and what they do with uploads in parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.chassis.storage_minio import MinioStorage, open_storage
from tests.stack.support.parts import put_part
from tests.stack.upload_service import Answer, Service

NOT_FOUND = (404, {"detail": "Document not found"})
COMPLETE = (409, {"detail": "The upload is complete already: confirm it"})
EXPIRED = (409, {"detail": "The upload has expired: begin anew"})
LOST = (409, {"detail": "The store has no such multipart upload any more: begin anew"})
PATHS = (("GET", "/parts"), ("POST", "/parts/sign"), ("POST", "/complete"), ("DELETE", ""))
SMALL = b"small enough for the ledger of these tests"


@dataclass(frozen=True, slots=True)
class Owner:
    """One user of a service, and what they do with uploads in parts."""

    service: Service
    id: UUID

    async def begin(self, **fields: Any) -> dict[str, Any]:
        body = {"filename": "film.mp4", "content_type": "video/mp4"} | fields
        status, begun = await self.service.call("POST", "/api/documents/multipart", self.id, body)
        assert status == 200, begun
        return dict(begun)

    async def of(self, begun: Mapping[str, Any], method: str, path: str, body: object = None) -> Answer:
        """A call about an upload."""
        return await self.service.call(method, f"/api/documents/multipart/{begun['document_id']}{path}", self.id, body)

    async def sign(self, begun: Mapping[str, Any], *numbers: int) -> Answer:
        return await self.of(begun, "POST", "/parts/sign", {"part_numbers": numbers})

    async def put(self, begun: Mapping[str, Any], number: int, data: bytes) -> dict[str, Any]:
        """What completes a part that was put."""
        status, signed = await self.sign(begun, number)
        assert status == 200, signed
        return {"PartNumber": number, "ETag": await put_part(self.service.session, signed["urls"][str(number)], data)}

    async def complete(self, begun: Mapping[str, Any], *parts: Mapping[str, Any]) -> Answer:
        return await self.of(begun, "POST", "/complete", {"parts": parts})

    async def row(self, begun: Mapping[str, Any]) -> dict[str, Any]:
        found = await self.service.replica.pool.fetchrow(
            "SELECT * FROM documents WHERE id = $1", UUID(begun["document_id"])
        )
        assert found is not None
        return dict(found)

    @asynccontextmanager
    async def storage(self) -> AsyncIterator[MinioStorage]:
        """The store as the service sees it."""
        async with open_storage(self.service.settings) as storage:
            yield storage

    async def uploads(self, begun: Mapping[str, Any]) -> Sequence[str]:
        """The ids of what is open in the store under the document's key."""
        async with self.storage() as storage:
            return [each.upload_id for each in await storage.multipart.list_uploads(begun["key"])]
