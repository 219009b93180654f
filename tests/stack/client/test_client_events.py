"""The stream of changes by the client package, cut and gone on with; and waiting for a classification."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from docuvault_client import Bytes, DocuvaultClient, Event, NotYet
from docuvault_contracts.cloudevents import encode
from docuvault_contracts.events import Classified
from docuvault_contracts.http import Document
from docuvault_contracts.http_live import StreamHello, StreamQuota, StreamRemoved

from deploy.local.stack import Stack
from tests.stack.client.conftest import NewClient
from tests.stack.conftest import NewUser, User
from tests.stack.support.broker import open_broker
from tests.stack.support.relay import Relay, relaying


@pytest.fixture
async def way(stack: Stack) -> AsyncIterator[Relay]:
    """To the service that has the stream."""
    async with relaying(int(stack.info.service_urls["upload-1"].rpartition(":")[2])) as relay:
        yield relay


async def until(events: AsyncIterator[Event], kind: type[Event]) -> Event:
    async with asyncio.timeout(20):
        async for event in events:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the stream ended without {kind}")


async def test_changes_are_told_as_they_happen_also_over_a_connection_that_was_cut(
    new_client: NewClient, new_user: NewUser, way: Relay
) -> None:
    user = await new_user()
    client: DocuvaultClient = await new_client(user)
    listener = await new_client(user, base_url=f"http://127.0.0.1:{way.port}")
    async with aclosing(listener.events()) as events:
        await until(events, StreamHello)
        first = await client.upload(Bytes(b"x" * 10, "a.bin"))
        while (told := await until(events, Document)) != first:
            assert isinstance(told, Document)
            assert told.id == first.id
        way.cut()
        await client.delete(first.id)
        removed = await until(events, StreamRemoved)
        assert isinstance(removed, StreamRemoved)
        assert (removed.id, removed.reason, way.connections) == (first.id, "deleted", 2)


async def test_the_quota_is_told_at_the_beginning(new_client: NewClient, new_user: NewUser, stack: Stack) -> None:
    client = await new_client(await new_user(), base_url=stack.info.service_urls["upload-1"])
    await client.upload(Bytes(b"x" * 10, "a.bin"))
    async with aclosing(client.events()) as events:
        quota = await until(events, StreamQuota)
    assert isinstance(quota, StreamQuota)
    assert quota.used_bytes == 10


async def classify(stack: Stack, user: User, document_id: UUID) -> None:
    """Says what the classifier does of the document."""
    connection = await asyncpg.connect(stack.info.databases["postgres"])
    key = await connection.fetchval("SELECT object_key FROM upload.documents WHERE id = $1", document_id)
    await connection.close()
    now = datetime.now(UTC)
    event = Classified(
        document_id=document_id, user_id=user.id, object_key=key, version=1, topics=(), classified_at=now
    )
    async with open_broker(stack.info) as broker:
        await broker.say(encode(event, id=str(uuid4()), source="docuvault/classifier", time=now))


async def test_who_waits_is_told_of_a_classification_before_and_after_it(
    new_client: NewClient, new_user: NewUser, stack: Stack
) -> None:
    user = await new_user()
    client = await new_client(user, base_url=stack.info.service_urls["upload-1"])
    document = await client.upload(Bytes(b"x" * 10, "a.bin"))
    waiting = asyncio.create_task(client.wait_classified(document.id, seconds=30))
    await classify(stack, user, document.id)
    assert (await waiting).status == "classified"
    assert (await client.wait_classified(document.id, seconds=30)).status == "classified"


async def test_waiting_for_a_classification_that_does_not_come_ends(new_client: NewClient, stack: Stack) -> None:
    client = await new_client(base_url=stack.info.service_urls["upload-1"])
    document = await client.upload(Bytes(b"x" * 10, "a.bin"))
    with pytest.raises(NotYet) as raised:
        await client.wait_classified(document.id, seconds=0.5)
    assert raised.value.document_id == document.id
