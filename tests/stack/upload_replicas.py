"""Replicas of the upload service on a database of a test's own, without the consumer: a test says what is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import orjson
from docuvault_contracts.events import QuotaRejected, QuotaReserved
from docuvault_contracts.keys import make_key
from msgspec.structs import replace
from pydantic import SecretStr

from services.chassis.delivery import Delivery, Origin
from services.chassis.migrations import migrate
from services.chassis.outbox import Outbox
from services.chassis.postgres import open_pool
from services.chassis.settings import DatabaseSettings
from services.upload.accounts import PgAccounts
from services.upload.document import Document
from services.upload.handler import UploadHandler
from services.upload.listener import listen
from services.upload.messages import upload_requested
from services.upload.store import PgDocuments
from services.upload.store_keys import PgKeys
from services.upload.waiters import Waiters

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Replica:
    """One process as far as the database sees it."""

    pool: asyncpg.Pool[asyncpg.Record]
    url: str
    waiters: Waiters = field(default_factory=Waiters)
    outbox: Outbox = field(default_factory=Outbox)

    @property
    def documents(self) -> PgDocuments:
        """Its store."""
        return PgDocuments(self.pool, self.outbox)

    @property
    def accounts(self) -> PgAccounts:
        """Its copy of the ledger's accounts."""
        return PgAccounts(self.pool)

    @property
    def keys(self) -> PgKeys:
        """Its idempotency keys."""
        return PgKeys(self.pool)

    async def hear(self, *events: Any) -> None:
        """Handles the events as one batch."""
        batch = [Delivery(event, Origin("quota", 0, offset)) for offset, event in enumerate(events)]
        await UploadHandler(self.documents, self.accounts, self.waiters).handle(batch)

    async def make(self, user_id: UUID | None = None, **fields: Any) -> Document:
        """A pending document, stored."""
        document = replace(new_document(user_id or uuid4()), **fields)
        await self.documents.create(document, upload_requested(document, TRACE))
        return document

    async def row(self, document: Document) -> Document:
        """The document as it is stored now."""
        found = await self.documents.find(document.user_id, document.id)
        assert found is not None
        return found

    async def outbox_headers(self) -> list[dict[str, str]]:
        """The headers of the messages in the outbox, oldest first."""
        rows = await self.pool.fetch("SELECT headers FROM outbox ORDER BY id")
        return [dict(orjson.loads(row["headers"])) for row in rows]

    async def outbox_types(self) -> list[str]:
        """The event types in the outbox, oldest first."""
        return [headers["ce_type"] for headers in await self.outbox_headers()]

    @asynccontextmanager
    async def listening(self, check_seconds: float = 5.0) -> AsyncIterator[None]:
        """The block runs with this replica's listener, which listens when it begins."""
        stop = asyncio.Event()
        with self.waiters.watch(uuid4()) as watch:
            listener = asyncio.create_task(
                listen(partial(asyncpg.connect, self.url), self.waiters, stop, check_seconds=check_seconds)
            )
            assert await watch.changed(10)  # a new listener wakes everybody
        try:
            yield
        finally:
            stop.set()
            await listener


@contextmanager
def fresh_database(superuser_url: str) -> Iterator[str]:
    """The URL of an empty database, which is dropped at the end. Blocks: for fixtures of a whole module."""
    name = f"upload_{uuid4().hex}"
    asyncio.run(execute(superuser_url, f"CREATE DATABASE {name}"))
    try:
        yield urlunsplit(urlsplit(superuser_url)._replace(path=f"/{name}"))
    finally:
        asyncio.run(execute(superuser_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def execute(url: str, sql: str) -> None:
    """Runs a statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@asynccontextmanager
async def open_replicas(database_url: str, count: int = 1) -> AsyncIterator[list[Replica]]:
    """That many replicas, each with a pool of its own, on the migrated and emptied database."""
    async with AsyncExitStack() as exits:
        settings = DatabaseSettings(database_url=SecretStr(database_url), database_pool_size=5)
        pools = [await exits.enter_async_context(open_pool(settings)) for _ in range(count)]
        await migrate(pools[0], "services.upload")
        await pools[0].execute(
            "TRUNCATE documents, accounts, idempotency_keys, outbox;"
            " UPDATE reminded_until SET told_at = DEFAULT, id = DEFAULT"
        )
        yield [Replica(pool, database_url) for pool in pools]


def new_document(user_id: UUID, filename: str = "a.txt") -> Document:
    """A pending document as upload-url makes it."""
    now, document_id = datetime.now(UTC), uuid4()
    key = str(make_key(user_id, document_id, filename))
    return Document(document_id, user_id, key, filename, "text/plain", now, now, now + timedelta(minutes=15))


def about(document: Document) -> dict[str, Any]:
    """What every event about a document says."""
    return {"document_id": document.id, "user_id": document.user_id, "object_key": document.object_key}


def reserved(document: Document, version: int = 1, etag: str = "e1", size: int = 10, **fields: Any) -> QuotaReserved:
    """The ledger reserved the document's object."""
    said = {"version": version, "etag": etag, "size_bytes": size, "used_bytes": size, "limit_bytes": LIMIT}
    return QuotaReserved(**about(document) | said | {"decided_at": datetime.now(UTC)} | fields)


def rejected(document: Document, version: int = 1, size: int = 2000, **fields: Any) -> QuotaRejected:
    """The ledger refused the document's object."""
    said = {"version": version, "etag": "e9", "rejected_bytes": size, "used_bytes": 0, "limit_bytes": LIMIT}
    return QuotaRejected(**about(document) | said | {"reason": "over_quota", "decided_at": datetime.now(UTC)} | fields)
