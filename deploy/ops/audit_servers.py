"""What the audit compares, as sorted streams from PostgreSQL and the bucket, and where the readers of Kafka stand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
from aiohttp import ClientSession, ClientTimeout
from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata
from docuvault_contracts import topics
from docuvault_contracts.keys import parse_key
from miniopy_async.api import Minio
from miniopy_async.datatypes import Object

from deploy.local.kafka_reach import Reach
from deploy.ops.audit_model import Account, Backlog, Document, Filing, Reservation, StoredObject
from deploy.ops.dlq.counting import open_letters
from deploy.ops.kafka import Bounds, open_kafka
from services.chassis.postgres import load_sql

SQL = load_sql("deploy.ops")
TIMEOUT_SECONDS = 10.0
PREFETCH_ROWS = 1000
READERS: Mapping[str, Sequence[topics.Topic]] = {
    "upload": (topics.QUOTA, topics.CLASSIFICATION, topics.STORAGE_JANITOR),
    "quota": (topics.STORAGE_EVENTS, topics.DOCUMENTS, topics.STORAGE_JANITOR, topics.USERS),
    "janitor": (topics.QUOTA, topics.DOCUMENTS),
    "classifier": (topics.QUOTA, topics.DOCUMENTS),
}
"""Which consumer group reads which topics."""
OPTIONAL = frozenset({"classifier"})
"""Groups that a stack may do without: one that has never committed an offset does not run there."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the three servers are and how to read them.

    `minio_endpoint` is host:port, `kafka` what its clients are told; `database_url` is of a role that may read all
    schemas.
    """

    database_url: str = field(repr=False)
    kafka: Reach = field(repr=False)
    minio_endpoint: str
    minio_access_key: str
    minio_secret_key: str = field(repr=False)
    minio_bucket: str = "documents"
    minio_secure: bool = False
    minio_region: str = "us-east-1"


class Ledgers:
    """What the services' tables say, all of it at one moment."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def accounts(self) -> AsyncIterator[Account]:
        """Ascending by user."""
        async for row in self._connection.cursor(SQL["audit_accounts"], prefetch=PREFETCH_ROWS):
            yield Account(**dict(row))

    async def reservations(self) -> AsyncIterator[Reservation]:
        """Ascending by key."""
        async for row in self._connection.cursor(SQL["audit_reservations"], prefetch=PREFETCH_ROWS):
            yield Reservation(**dict(row))

    async def documents(self) -> AsyncIterator[Document]:
        """Ascending by key."""
        async for row in self._connection.cursor(SQL["audit_documents"], prefetch=PREFETCH_ROWS):
            yield Document(**dict(row))

    async def multiparts(self) -> list[Document]:
        """Those whose bytes come in parts, and of which parts may lie in the store."""
        return [Document(**dict(row)) for row in await self._connection.fetch(SQL["audit_multiparts"])]

    async def filings(self) -> AsyncIterator[Filing]:
        """Ascending by key; of a stack that classifies."""
        async for row in self._connection.cursor(SQL["audit_filings"], prefetch=PREFETCH_ROWS):
            yield Filing(**dict(row))

    async def backlogs(self) -> list[Backlog]:
        """What waits in the tables."""
        names = ["audit_backlogs", *(["audit_backlogs_classifier"] if await self.classifies() else [])]
        return [Backlog(**dict(row)) for name in names for row in await self._connection.fetch(SQL[name])]

    async def classifies(self) -> bool:
        """Whether the stack has a classifier: its tables are there once it has run."""
        return bool(await self._connection.fetchval(SQL["classifier_is_there"]))


@asynccontextmanager
async def open_ledgers(servers: Servers) -> AsyncIterator[Ledgers]:
    """One connection with one snapshot, so that rows of different tables are of the same moment."""
    connection = await asyncpg.connect(servers.database_url, timeout=TIMEOUT_SECONDS)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield Ledgers(connection)
    finally:
        await connection.close(timeout=TIMEOUT_SECONDS)


class Bucket:
    """The listing of the bucket. Foreign keys come apart: a listing need not sort them the way a database does."""

    def __init__(self, client: Minio, name: str) -> None:
        self._client = client
        self._name = name
        self.foreign: list[StoredObject] = []

    async def objects(self) -> AsyncIterator[StoredObject]:
        """The objects under keys of ours, ascending; what is under others is in `foreign` afterwards."""
        async for found in self._client.list_objects(self._name, recursive=True):
            stored = _stored(found)
            if parse_key(stored.key) is None:
                self.foreign.append(stored)
            else:
                yield stored


def _stored(found: Object) -> StoredObject:
    return StoredObject(found.object_name or "", found.size or 0, (found.etag or "").strip('"'))


@asynccontextmanager
async def open_bucket(servers: Servers) -> AsyncIterator[Bucket]:
    """Connects on the first listing only."""
    timeout = ClientTimeout(total=None, sock_connect=TIMEOUT_SECONDS, sock_read=TIMEOUT_SECONDS)
    async with ClientSession(timeout=timeout) as session:
        client = Minio(
            servers.minio_endpoint,
            servers.minio_access_key,
            servers.minio_secret_key,
            region=servers.minio_region,
            secure=servers.minio_secure,
            session=session,
        )
        yield Bucket(client, servers.minio_bucket)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where Kafka's readers stand: what each group has not read, and what lies in the dead letters and is open."""

    unread: Sequence[Backlog]
    dead_letters: Sequence[Backlog]


async def read_standing(servers: Servers) -> Standing:
    """Asks the broker; commits nothing and joins no group."""
    async with open_kafka(servers.kafka) as kafka:
        bounds = await kafka.bounds([topic.name for topic in topics.ALL])
        committed = {group: await kafka.committed(group) for group in READERS}
        unread = [_unread(group, offsets, bounds) for group, offsets in committed.items() if runs(group, offsets)]
        letters = await open_letters(kafka, bounds)
    return Standing(unread, [_dead_letters(group, letters.get(group, 0)) for group in READERS])


def runs(group: str, committed: Mapping[TopicPartition, OffsetAndMetadata]) -> bool:
    """Whether the group is one of the stack's, as far as its offsets tell."""
    return group not in OPTIONAL or any(each.offset >= 0 for each in committed.values())


def _unread(group: str, committed: Mapping[TopicPartition, OffsetAndMetadata], bounds: Bounds) -> Backlog:
    names = {topic.name for topic in READERS[group]}
    lag = 0
    for partition, (first, end) in bounds.items():
        if partition.topic in names:
            lag += end - max(first, committed[partition].offset if partition in committed else 0)
    return Backlog(f"records that group {group} has not read", lag)


def _dead_letters(group: str, count: int) -> Backlog:
    return Backlog(f"records in {topics.dead_letter_topic(group).name}", count)
