"""A document and what is said of it, in a real PostgreSQL: both, or neither, however many come at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from services.chassis.outbox import message_of
from services.upload.document import Status
from services.upload.messages import document_deleted, upload_requested
from tests.stack.upload_replicas import TRACE, Replica, new_document

USER = UUID(int=5)


@asynccontextmanager
async def speechless(replica: Replica) -> AsyncIterator[None]:
    """No event can be kept while the block runs."""
    await replica.pool.execute("ALTER TABLE outbox ADD CONSTRAINT speechless CHECK (false) NOT VALID")
    try:
        yield
    finally:
        await replica.pool.execute("ALTER TABLE outbox DROP CONSTRAINT speechless")


async def test_a_document_and_its_event_are_stored_together(replica: Replica) -> None:
    document = await replica.make()
    [row] = await replica.pool.fetch("SELECT * FROM outbox")
    assert message_of(row) == upload_requested(document, TRACE)
    assert await replica.row(document) == document


async def test_a_document_that_cannot_be_stored_leaves_no_event(replica: Replica) -> None:
    document = await replica.make()
    twin = replace(document, id=uuid4())
    with pytest.raises(asyncpg.UniqueViolationError):
        await replica.documents.create(twin, upload_requested(twin, TRACE))
    assert await replica.outbox_types() == ["upload.requested"]


async def test_deleting_twice_says_it_once(replica: Replica) -> None:
    document = await replica.make()
    message = document_deleted(document, document.created_at, TRACE)
    said = await asyncio.gather(*(replica.documents.delete(document, message) for _ in range(16)))
    assert said.count(True) == 1
    assert await replica.outbox_types() == ["upload.requested", "document.deleted"]
    after = await replica.row(document)
    assert (after.status, after.size_bytes, after.is_live) == (Status.DELETED, 0, False)


async def test_a_document_whose_event_cannot_be_kept_is_not_stored(replica: Replica) -> None:
    document = new_document(USER)
    async with speechless(replica):
        with pytest.raises(asyncpg.CheckViolationError):
            await replica.documents.create(document, upload_requested(document, TRACE))
    assert await replica.documents.find(USER, document.id) is None


async def test_a_document_whose_deletion_cannot_be_told_is_not_deleted(replica: Replica) -> None:
    document = await replica.make()
    async with speechless(replica):
        with pytest.raises(asyncpg.CheckViolationError):
            await replica.documents.delete(document, document_deleted(document, document.created_at, TRACE))
    assert (await replica.row(document)).is_live


async def test_documents_that_come_at_once_are_stored_each_with_its_own_event(replica: Replica) -> None:
    documents = [new_document(USER) for _ in range(50)]
    await asyncio.gather(*(replica.documents.create(each, upload_requested(each, TRACE)) for each in documents))
    assert [await replica.row(each) for each in documents] == documents
    rows = await replica.pool.fetch("SELECT * FROM outbox ORDER BY id")
    said = {message_of(row).key: message_of(row) for row in rows}
    assert len(rows) == 50
    assert said == {str(each.id).encode(): upload_requested(each, TRACE) for each in documents}


async def test_of_documents_that_come_at_once_one_that_cannot_be_stored_fails_alone(replica: Replica) -> None:
    good, long, late = new_document(USER), new_document(USER, "x" * 1025), new_document(USER)
    unwritable = new_document(USER)
    said = {each.id: upload_requested(each, TRACE) for each in (good, long, unwritable, late)}
    documents = [good, long, replace(unwritable, filename="\ud800"), late]
    found = await asyncio.gather(
        *(replica.documents.create(each, said[each.id]) for each in documents), return_exceptions=True
    )
    assert [type(each) for each in found] == [type(None), asyncpg.CheckViolationError, asyncpg.DataError, type(None)]
    assert await replica.outbox_types() == ["upload.requested"] * 2
    assert await replica.row(late) == late
