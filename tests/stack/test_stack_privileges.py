"""Least privilege, asked of the servers themselves: who may do what, and who may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from miniopy_async.api import Minio
from miniopy_async.error import S3Error

from deploy.local.info import StackInfo

SERVICES = ("upload", "quota", "janitor", "classifier")
FOREIGN = [(role, schema) for role in SERVICES for schema in SERVICES if role != schema]


async def run(info: StackInfo, role: str, statement: str, **settings: str) -> object:
    options = {f"default_transaction_{name}": value for name, value in settings.items()}
    connection = await asyncpg.connect(info.databases[role], server_settings=options)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.fixture
async def tables(info: StackInfo) -> AsyncIterator[None]:
    """A table in each schema, made by its owner."""
    for role in SERVICES:
        await run(info, role, "CREATE TABLE IF NOT EXISTS privileged AS SELECT 42 AS answer")
    yield
    for role in SERVICES:
        await run(info, role, "DROP TABLE privileged")


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(("role", "schema"), FOREIGN)
async def test_a_service_cannot_read_anothers_schema(info: StackInfo, role: str, schema: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(info, role, f"SELECT answer FROM {schema}.privileged")  # noqa: S608 - a name of ours


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("schema", SERVICES)
async def test_audit_reads_every_schema_and_writes_none(info: StackInfo, schema: str) -> None:
    assert await run(info, "audit", f"SELECT answer FROM {schema}.privileged") == 42  # noqa: S608 - a name of ours
    for attempt in ("DELETE FROM", "TRUNCATE"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(info, "audit", f"{attempt} {schema}.privileged", read_only="off")


@pytest.mark.parametrize("role", [*SERVICES, "audit"])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SELECT pg_read_file('/etc/hosts')",
        "ALTER SYSTEM SET synchronous_commit = off",
        "SET session_replication_role = replica",
    ],
)
async def test_no_role_may_more_than_its_own_schema(info: StackInfo, role: str, statement: str) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
        await run(info, role, statement)


@pytest.mark.parametrize("role", SERVICES)
async def test_no_role_enters_another_database_or_without_its_password(info: StackInfo, role: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(info.databases[role].replace("/docuvault", "/postgres"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(info.databases[role], password="guessed")


def store(info: StackInfo, user: str, session: aiohttp.ClientSession) -> Minio:
    key = info.store_keys[user]
    return Minio(
        info.minio_endpoint,
        access_key=key.access_key,
        secret_key=key.secret_key,
        secure=False,
        region=info.minio_region,
        session=session,
    )


async def put(client: Minio, bucket: str, key: str) -> None:
    await client.put_object(bucket, key, BytesIO(b"bytes"), 5)


@pytest.fixture
async def stored(info: StackInfo, client: aiohttp.ClientSession) -> AsyncIterator[str]:
    """The key of an object that is there, outside of what any service knows."""
    key = f"privileges-{uuid4()}"
    await put(store(info, "root", client), info.bucket, key)
    yield key
    await store(info, "root", client).remove_object(info.bucket, key)


async def test_upload_writes_and_reads_but_cannot_remove(
    info: StackInfo, client: aiohttp.ClientSession, stored: str
) -> None:
    upload = store(info, "upload", client)
    await put(upload, info.bucket, stored)
    assert (await upload.stat_object(info.bucket, stored)).size == 5
    with pytest.raises(S3Error, match="AccessDenied"):
        await upload.remove_object(info.bucket, stored)


@pytest.mark.parametrize("user", ["janitor", "audit"])
async def test_only_upload_writes(info: StackInfo, client: aiohttp.ClientSession, stored: str, user: str) -> None:
    with pytest.raises(S3Error, match="AccessDenied"):
        await put(store(info, user, client), info.bucket, stored)


async def test_audit_lists_but_neither_reads_nor_removes(
    info: StackInfo, client: aiohttp.ClientSession, stored: str
) -> None:
    audit = store(info, "audit", client)
    assert [found.object_name async for found in audit.list_objects(info.bucket, prefix=stored)] == [stored]
    with pytest.raises(S3Error, match="AccessDenied"):
        await audit.get_object(info.bucket, stored)
    with pytest.raises(S3Error, match="AccessDenied"):
        await audit.remove_object(info.bucket, stored)


@pytest.mark.parametrize("user", ["upload", "janitor", "audit"])
async def test_no_key_makes_buckets_or_changes_what_is_notified(
    info: StackInfo, client: aiohttp.ClientSession, user: str
) -> None:
    with pytest.raises(S3Error, match="AccessDenied"):
        await store(info, user, client).make_bucket("another")
    with pytest.raises(S3Error, match="AccessDenied"):
        await store(info, user, client).delete_bucket_notification(info.bucket)


async def test_nobody_reads_without_a_key(info: StackInfo, client: aiohttp.ClientSession, stored: str) -> None:
    async with client.get(f"{info.minio_url}/{info.bucket}/{stored}") as answer:
        assert answer.status == 403


def test_the_services_have_no_key_they_do_not_need(info: StackInfo) -> None:
    assert set(info.store_keys) == {"root", "upload", "janitor", "classifier", "audit"}
