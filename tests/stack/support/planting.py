"""Plants rows as superuser and objects as root, for tests of what must notice them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from hashlib import md5
from uuid import UUID, uuid4

import asyncpg
from docuvault_contracts.keys import make_key
from miniopy_async.api import Minio

from deploy.local.info import StackInfo
from services.chassis.migrations import migrate
from services.chassis.postgres import open_pool
from services.chassis.settings import DatabaseSettings


async def prepare(info: StackInfo) -> None:
    """Makes the tables, and keeps the planted objects from being told to Kafka, where nobody here would read it."""
    for service in ("upload", "quota", "janitor"):
        settings = DatabaseSettings.model_validate({"database_url": info.databases[service]})
        async with open_pool(settings) as pool:
            await migrate(pool, f"services.{service}")
    async with root_of(info) as client:
        await client.delete_bucket_notification(info.bucket)


def root_of(info: StackInfo) -> Minio:
    root = info.store_keys["root"]
    return Minio(info.minio_endpoint, root.access_key, root.secret_key, region=info.minio_region, secure=False)


@dataclass(frozen=True)
class Planter:
    """Plants rows as superuser and objects as root, past every rule of the services."""

    info: StackInfo
    database: asyncpg.Connection[asyncpg.Record]
    store: Minio

    async def account(self, user: UUID, used: int, limit: int = 1000) -> None:
        await self.database.execute("INSERT INTO quota.accounts (user_id, limit_bytes) VALUES ($1, $2)", user, limit)
        await self.sql("UPDATE quota.accounts SET used_bytes = $2 WHERE user_id = $1", user, used)

    async def sql(self, statement: str, *arguments: object) -> None:
        """Runs a statement with the tables' own triggers asleep."""
        async with self.database.transaction():
            await self.database.execute("SET LOCAL session_replication_role = replica")
            await self.database.execute(statement, *arguments)

    async def put(self, key: str, data: bytes) -> None:
        await self.store.put_object(self.info.bucket, key, io.BytesIO(data), len(data))

    async def upload(self, user: UUID, data: bytes = b"12345") -> str:
        """An object that is stored, paid for and uploaded; its account is planted apart."""
        document = uuid4()
        key = str(make_key(user, document, "a.pdf"))
        await self.put(key, data)
        await self.reservation(key, user, document, data)
        await self.document(key, user, document, data)
        return key

    async def reservation(self, key: str, user: UUID, document: UUID, data: bytes) -> None:
        await self.sql(
            """INSERT INTO quota.reservations VALUES
               ($1, $2, $3, 'reserved', 1, $4, 0, 0, $5, 1, NULL, $4, 1000, now(), 'storage.events', 0, 0, 0)""",
            key, document, user, len(data), etag(data),
        )  # fmt: skip

    async def document(self, key: str, user: UUID, document: UUID, data: bytes) -> None:
        await self.sql(
            """INSERT INTO upload.documents (id, user_id, object_key, filename, content_type, created_at, updated_at,
                                             expires_at, status, size_bytes, etag, version, ruling)
               VALUES ($2, $3, $1, 'a.pdf', 'text/plain', now(), now(), now() + interval '1 minute',
                       'uploaded', $4, $5, 1, 'reserved')""",
            key, document, user, len(data), etag(data),
        )  # fmt: skip

    async def pending(self, user: UUID, created: str) -> str:
        key = str(make_key(user, document := uuid4(), "a.pdf"))
        await self.sql(
            f"""INSERT INTO upload.documents (id, user_id, object_key, filename, content_type, created_at, updated_at,
                                              expires_at)
                VALUES ($2, $3, $1, 'a.pdf', 'text/plain', {created}, now(), now() + interval '1 minute')""",  # noqa: S608
            key, document, user,
        )  # fmt: skip
        return key

    async def wipe(self) -> None:
        await self.sql("TRUNCATE upload.documents, upload.outbox, quota.outbox, janitor.objects")
        await self.sql("TRUNCATE quota.accounts, quota.reservations, quota.superseded")
        async for found in self.store.list_objects(self.info.bucket, recursive=True):
            await self.store.remove_object(self.info.bucket, found.object_name or "")


def etag(data: bytes) -> str:
    return md5(data, usedforsecurity=False).hexdigest()
