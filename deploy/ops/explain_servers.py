"""What the tables and the store say of a few keys: read as role and key `audit`, which can change nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
from docuvault_contracts.keys import owner_of

from deploy.local.info import StackInfo
from deploy.ops.dlq.letters import Place
from deploy.ops.explain_model import Account, Decision, Document, Filing, Job, Known, Stored, Unsent
from services.chassis.postgres import load_sql
from services.chassis.settings import StorageSettings
from services.chassis.storage import ObjectStorage
from services.chassis.storage_minio import open_storage

SQL = load_sql("deploy.ops")
TIMEOUT_SECONDS = 10.0
STATS_AT_ONCE = 8
PROBE_SECONDS = 2.0
_HALTED = 'docuvault_consumer_halted{{group="{group}"}} 1.0'


@dataclass(frozen=True, slots=True)
class Rows:
    """What the tables say of one key, all of it at one moment."""

    document: Document | None
    decisions: Sequence[Decision]
    known: Known | None
    account: Account | None
    unsent: Unsent | None
    filing: Filing | None = None


class Tables:
    """The services' tables, read only. Raises asyncpg's errors."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def now(self) -> datetime:
        """By the database's clock."""
        found: datetime = await self._connection.fetchval(SQL["explain_now"])
        return found

    async def keys_of(self, document: UUID) -> list[str]:
        """The object keys under the document's id, its own first; none where nobody knows it."""
        found = await self._connection.fetch(SQL["explain_keys"], document)
        found = found or await self._connection.fetch(SQL["explain_keys_heard"], document)
        return [row["object_key"] for row in found]

    async def snapshot(self, keys: Sequence[str]) -> tuple[datetime, Job | None, list[Rows]]:
        """The time, when the sweep runs, and the rows of each key; all of one moment."""
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            users = {UUID(owner[0]) for key in keys if (owner := owner_of(key)) is not None}
            accounts = {user: await self.account(user) for user in users}  # a sum over the ledger: once a user
            rows = [await self._rows(key, accounts) for key in keys]
            sweep = await self._connection.fetchrow(SQL["explain_sweep"])
            return await self.now(), Job(**dict(sweep)) if sweep else None, rows

    async def _rows(self, key: str, accounts: Mapping[UUID, Account | None]) -> Rows:
        owner = owner_of(key)
        if owner is None:
            return Rows(None, (), None, None, None)
        user, document = map(UUID, owner)
        one = self._connection.fetchrow
        row, known = await one(SQL["explain_document"], document, key), await one(SQL["explain_known"], key)
        unsent = await one(SQL["explain_unsent"], str(document).encode())
        decisions = await self._connection.fetch(SQL["explain_decisions"], document, key)
        return Rows(
            document=Document(**dict(row)) if row else None,
            decisions=tuple(map(_decision, decisions)),
            known=Known(**dict(known)) if known else None,
            account=accounts[user],
            unsent=_unsent(unsent) if unsent else None,
            filing=await self._filing(document, key),
        )

    async def _filing(self, document: UUID, key: str) -> Filing | None:
        """What the classifier knows of it; None also where it has never run."""
        if not await self._connection.fetchval(SQL["classifier_is_there"]):
            return None
        row = await self._connection.fetchrow(SQL["explain_filing"], document, key)
        return Filing(**dict(row)) if row else None

    async def account(self, user: UUID) -> Account | None:
        """The user's account."""
        row = await self._connection.fetchrow(SQL["explain_account"], user)
        return Account(**dict(row)) if row else None

    async def counts(self, user: UUID) -> tuple[Mapping[str, int], int]:
        """The user's documents by status, and their bytes."""
        rows = await self._connection.fetch(SQL["explain_counts"], user)
        return {row["status"]: row["documents"] for row in rows}, sum(row["bytes"] for row in rows)

    async def waiting(self, user: UUID, most: int) -> tuple[list[str], int]:
        """Keys of the user's documents that may be waiting, the oldest first, and how many there are in all."""
        rows = await self._connection.fetch(SQL["explain_waiting"], user, most)
        return [row["object_key"] for row in rows], rows[0]["total"] if rows else 0


def _decision(row: asyncpg.Record) -> Decision:
    found = dict(row)
    origin = Place(found.pop("origin_topic"), found.pop("origin_partition"), found.pop("origin_offset"))
    return Decision(**found, origin=origin)


def _unsent(row: asyncpg.Record) -> Unsent:
    headers = dict(json.loads(row["headers"]))
    return Unsent(str(headers.get("ce_type", "an event")), row["created_at"], row["before"])


@asynccontextmanager
async def open_tables(info: StackInfo) -> AsyncIterator[Tables]:
    """One connection, as a role that can change nothing."""
    connection = await asyncpg.connect(
        info.databases["audit"], timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS
    )
    try:
        yield Tables(connection)
    finally:
        await connection.close(timeout=TIMEOUT_SECONDS)


@asynccontextmanager
async def open_store(info: StackInfo) -> AsyncIterator[ObjectStorage]:
    """The bucket, by a key that can only list."""
    key = info.store_keys["audit"]
    settings: dict[str, Any] = {
        "minio_endpoint": info.minio_endpoint,
        "minio_public_endpoint": "",
        "minio_region": info.minio_region,
        "minio_bucket": info.bucket,
        "minio_access_key": key.access_key,
        "minio_secret_key": key.secret_key,
    }
    async with open_storage(StorageSettings.model_validate(settings)) as storage:
        yield storage


async def stats(store: ObjectStorage, keys: Sequence[str]) -> list[Stored | None]:
    """What the store holds under each key. Raises Transient where it is away."""
    free = asyncio.Semaphore(STATS_AT_ONCE)

    async def one(key: str) -> Stored | None:
        async with free:
            found = await store.stat_object(key)
        return Stored(found.size, found.etag, found.observed_ns) if found else None

    return list(await asyncio.gather(*map(one, keys)))


async def halted_groups(info: StackInfo, groups: Sequence[str]) -> set[str]:
    """Those of which a replica says that dead letters hold it back; one that does not answer says nothing."""
    timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        replicas = [(name.rpartition("-")[0], url) for name, url in info.service_urls.items()]
        asked = [(group, url) for group, url in replicas if group in groups]
        said = await asyncio.gather(*(_metrics(session, url) for _, url in asked))
    return {group for (group, _), text in zip(asked, said, strict=True) if _HALTED.format(group=group) in text}


async def _metrics(session: aiohttp.ClientSession, url: str) -> str:
    try:
        async with session.get(f"{url}/metrics") as response:
            return await response.text()
    except (aiohttp.ClientError, OSError):
        return ""
