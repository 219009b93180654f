"""The upload service's HTTP side in this process, on a real database and store; the test plays the ledger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import aiohttp
from aiohttp import web
from docuvault_contracts.cloudevents import Message, decode
from docuvault_contracts.events import UploadObserved
from docuvault_contracts.topics import CHANGES
from miniopy_async.api import Minio
from miniopy_async.credentials.providers import StaticProvider
from pydantic import SecretStr
from yarl import URL

from services.chassis.auth import TokenVerifier, create_access_token
from services.chassis.producer import Publisher
from services.chassis.storage_minio import open_storage
from services.chassis.web import listening, make_app
from services.upload.http import Tables, make_routes
from services.upload.live.http import LiveRoutes
from services.upload.live.hub import Hub, make_hub
from services.upload.live.looks import PgEyes
from services.upload.multipart.http import make_multipart_routes
from services.upload.multipart.store import PgMultiparts
from services.upload.settings import Settings
from tests.stack.upload_replicas import Replica, open_replicas, rejected, reserved

JWT_SECRET = "0123456789abcdef0123456789abcdef"
LIMIT = 1000

Answer = tuple[int, Any]


@dataclass(slots=True)
class Ledger:
    """Hears what confirms publish and decides it on another replica, as long as it is not silent."""

    replica: Replica
    producer: Publisher | None = None
    silent: bool = False
    told: list[UploadObserved] = field(default_factory=list)

    async def mark(self, document_id: UUID) -> int:
        """There is no partition between it and the service."""
        return document_id.int

    async def heard(self, mark: int) -> bool:
        """What it says is in the rows when it has said it."""
        return mark > 0

    async def publish(self, messages: Sequence[Message], /) -> None:
        """Decides each observation by its size alone; over `producer` instead where one is given."""
        if self.producer is not None:
            await self.producer.publish(messages)
            return
        for message in messages:
            event = decode(message.headers, message.value).event
            assert isinstance(event, UploadObserved)
            self.told.append(event)
            if not self.silent:
                await self._decide(event)

    async def _decide(self, event: UploadObserved) -> None:
        document = await self.replica.documents.find(event.user_id, event.document_id)
        assert document is not None
        if event.size_bytes > LIMIT:
            await self.replica.hear(rejected(document, size=event.size_bytes))
        else:
            await self.replica.hear(reserved(document, etag=event.etag, size=event.size_bytes))


@dataclass(frozen=True, slots=True)
class Service:
    """A replica that serves HTTP, another on which its ledger decides, and a client."""

    replica: Replica
    ledger: Ledger
    settings: Settings
    session: aiohttp.ClientSession
    hub: Hub

    def headers(self, user: UUID, **claims: Any) -> dict[str, str]:
        """What speaks for the user."""
        return {"Authorization": f"Bearer {create_access_token(user, 'user', self.settings, **claims)}"}

    async def call(self, method: str, path: str | URL, user: UUID, body: object = None, **headers: str) -> Answer:
        """The status and the parsed body."""
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        async with self.raw(method, path, user, raw, **headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    def raw(self, method: str, path: str | URL, user: UUID, body: bytes | None = None, **headers: str) -> Any:
        """The response, to be entered; a redirect is not followed."""
        token = create_access_token(user, "user", self.settings)
        sent = {"Authorization": f"Bearer {token}"} | headers
        data = None if body is None else BytesIO(body)  # large ones, too
        return self.session.request(method, path, data=data, headers=sent, allow_redirects=False)

    async def upload(self, user: UUID, data: bytes | None = None, filename: str = "a.txt") -> str:
        """A new document's id; `data` was put to its URL."""
        body = {"filename": filename, "content_type": "text/plain"}
        status, answer = await self.call("POST", "/api/documents/upload-url", user, body)
        assert status == 200, answer
        if data is not None:
            async with self.session.put(answer["upload_url"], data=data) as put:
                assert put.status == 200
        return str(answer["document_id"])

    async def confirm(self, user: UUID, document_id: str) -> Answer:
        """Confirms."""
        return await self.call("POST", f"/api/documents/{quote(document_id)}/confirm", user)


@asynccontextmanager
async def open_service(
    info: Any, database_url: str, publisher: Publisher | None = None, **settings: Any
) -> AsyncIterator[Service]:
    """The service on a database; confirms go to `publisher` instead of the ledger where one is given."""
    async with AsyncExitStack() as exits:
        mine, others = await exits.enter_async_context(open_replicas(database_url, 2))
        made = _settings(info, mine.url, await _bucket_apart(info), settings)
        storage = await exits.enter_async_context(open_storage(made))
        await exits.enter_async_context(mine.listening())
        ledger = Ledger(others, publisher)
        tables = Tables(mine.documents, mine.accounts, mine.keys)
        live = LiveRoutes(_open_hub(made), PgEyes(mine.pool), mine.documents, storage, made)
        routes = make_routes(made, tables, storage, ledger, mine.waiters)
        parts = make_multipart_routes(made, tables, PgMultiparts(mine.pool, mine.outbox), storage, routes.uploads)

        def setup(app: web.Application) -> None:
            routes.setup(app)
            parts.setup(app)
            live.setup(app)

        app = make_app(made, TokenVerifier(made), ready={}, setup=setup)
        port = await exits.enter_async_context(listening(app, made))
        session = await exits.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{port}"))
        yield Service(mine, ledger, made, session, live.hub)


def _open_hub(settings: Settings) -> Hub:
    """The hub of streams, as if it had read to the end of a topic in which nothing was: a test says what is heard."""
    hub = make_hub(settings)
    hub.begin(CHANGES.partitions)
    for partition in range(CHANGES.partitions):
        hub.start(partition, 0)
    hub.caught_up()
    return hub


async def _bucket_apart(info: Any) -> str:
    """A bucket that tells nobody: the stack's own ledger knows none of these users, and has their objects removed."""
    name, root = f"apart-{uuid4().hex}", info.store_keys["root"]
    credentials = StaticProvider(root.access_key, root.secret_key)
    async with aiohttp.ClientSession() as session:
        client = Minio(
            info.minio_endpoint, credentials=credentials, region=info.minio_region, secure=False, session=session
        )
        await client.make_bucket(name)
    return name


def _settings(info: Any, database_url: str, bucket: str, settings: dict[str, Any]) -> Settings:
    key = info.store_keys["root"]
    given = {
        "database_url": SecretStr(database_url),
        "minio_endpoint": info.minio_endpoint,
        "minio_public_endpoint": info.minio_endpoint,
        "minio_region": info.minio_region,
        "minio_bucket": bucket,
        "minio_access_key": key.access_key,
        "minio_secret_key": SecretStr(key.secret_key),
        "jwt_secret": SecretStr(JWT_SECRET),
        "http_port": 0,
        "confirm_wait_seconds": 20,
        "delete_wait_seconds": 0.2,
        "shutdown_grace_seconds": 20,
    }
    return Settings(**given | settings)


async def eventually(seen: Any, *, within: float = 10.0) -> None:
    """Returns once `seen()` is true."""
    async with asyncio.timeout(within):
        while not seen():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.01)
