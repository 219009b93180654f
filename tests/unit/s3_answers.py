"""A peer in the store's place that answers whatever a test wants it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from services.chassis.settings import StorageSettings
from services.chassis.storage_minio import MinioStorage, open_storage


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as it came."""

    url: URL
    headers: Mapping[str, str]
    body: bytes


@dataclass
class S3Answers:
    """Answers every request with `status` and `body`, and keeps what was asked.

    With `cut_at` the connection ends after so many bytes of a body that was announced whole; while `hung`, nothing is
    ever answered.
    """

    endpoint: str = ""
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    hung: bool = False
    asked: list[Asked] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(Asked(request.rel_url, request.headers, await request.read()))
        if self.hung:
            await asyncio.Event().wait()
        if self.cut_at is not None:
            return await self._cut(request, self.cut_at)
        headers = {"Location": "/elsewhere"} if self.status == 307 else self.headers
        return web.Response(status=self.status, text=self.body, content_type="application/xml", headers=headers)

    async def _cut(self, request: web.Request, at: int) -> web.StreamResponse:
        body = self.body.encode()
        response = web.StreamResponse(status=self.status, headers={"Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[:at])
        assert request.transport is not None
        request.transport.close()
        return response

    @asynccontextmanager
    async def opened(self, timeout_seconds: float = 10) -> AsyncIterator[MinioStorage]:
        """Our storage on it."""
        made = StorageSettings(
            minio_endpoint=self.endpoint,
            minio_access_key="key",
            minio_secret_key="secret",
            minio_timeout_seconds=timeout_seconds,
        )
        async with open_storage(made) as storage:
            yield storage


@asynccontextmanager
async def s3_answers() -> AsyncIterator[S3Answers]:
    """The peer, listening."""
    made = S3Answers()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    async with TestServer(app) as server:
        made.endpoint = f"127.0.0.1:{server.port}"
        yield made
