"""Documents in a real PostgreSQL: what is stored together, who sees it, in which order, and what cannot be stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from docuvault_contracts.events import Classified, FiledTopic
from msgspec import structs

from services.upload.document import Document
from services.upload.listing import Wanted, read_page
from services.upload.messages import document_deleted, upload_requested
from services.upload.paging import Cursor, Listing
from tests.stack.upload_replicas import (
    TRACE,
    Replica,
    about,
    new_document,
    rejected,
    reserved,
)

USER = UUID(int=5)
INVOICES = FiledTopic(topic_id=UUID(int=7), name='Invoices & "Co"', score=0.9, reason="says so")


async def test_another_users_document_is_not_found(replica: Replica) -> None:
    document = await replica.make()
    assert await replica.documents.find(uuid4(), document.id) is None
    assert not await replica.documents.delete(
        structs.replace(document, user_id=uuid4()), document_deleted(document, document.created_at, TRACE)
    )
    assert (await replica.row(document)).is_live


@pytest.mark.parametrize(
    "filename",
    [
        "Ünïcödé 文件 \U0001f4c4.pdf",
        "invoice\u202egpj.exe",
        "%00%2e%2e.txt",
        "a'; DROP TABLE documents; --.txt",
        "x" * 1024,
    ],
)
async def test_a_hostile_file_name_is_kept_as_it_is(replica: Replica, filename: str) -> None:
    document = new_document(uuid4(), filename)
    await replica.documents.create(document, upload_requested(document, TRACE))
    assert (await replica.row(document)).filename == filename


async def test_a_classified_document_can_be_deleted(replica: Replica) -> None:
    document = await filed(replica, uuid4())
    assert await replica.documents.delete(document, document_deleted(document, document.created_at, TRACE))
    assert (await replica.row(document)).topics == ()


async def pages(replica: Replica, wanted: Wanted) -> list[Document]:
    found: list[Document] = []
    after: Cursor | None = None
    while True:
        page = await read_page(replica.documents, replace(wanted, after=after))
        found += page.documents
        if page.rest is None:
            return found
        after = page.rest


async def test_documents_of_one_moment_are_listed_once_each(replica: Replica) -> None:
    user, moment = uuid4(), new_document(uuid4()).created_at
    made = [await replica.make(user, created_at=moment) for _ in range(23)]
    await replica.make()
    listed = await pages(replica, Wanted(user, 4))
    assert [document.id for document in listed] == sorted((document.id for document in made), reverse=True)


async def test_the_newest_come_first_and_newcomers_move_no_page(replica: Replica) -> None:
    user, start = uuid4(), new_document(uuid4()).created_at
    made = [await replica.make(user, created_at=start - timedelta(microseconds=n)) for n in range(5)]
    first = await read_page(replica.documents, Wanted(user, 2))
    await replica.make(user, created_at=start + timedelta(seconds=1))
    assert first.rest is not None
    second = await read_page(replica.documents, Wanted(user, 2, after=first.rest))
    assert [document.id for document in (*first.documents, *second.documents)] == [each.id for each in made[:4]]


async def test_tombstones_are_not_listed(replica: Replica) -> None:
    user = uuid4()
    live, refused, gone = [await replica.make(user) for _ in range(3)]
    await replica.hear(rejected(refused))
    await replica.documents.delete(gone, document_deleted(gone, gone.created_at, TRACE))
    assert [document.id for document in await pages(replica, Wanted(user, 50))] == [live.id]


async def filed(replica: Replica, user: UUID) -> Document:
    document = await replica.make(user)
    verdict = Classified(**about(document), version=1, topics=(INVOICES,), classified_at=document.created_at)
    await replica.hear(reserved(document), verdict)
    return await replica.row(document)


async def test_the_list_is_filtered_by_status_and_by_a_topics_id_or_name(replica: Replica) -> None:
    user = uuid4()
    classified, waiting = await filed(replica, user), await replica.make(user)
    early = Classified(**about(waiting), version=1, topics=(INVOICES,), classified_at=waiting.created_at)
    await replica.hear(early)  # not heard of by the ledger yet: it is filed under nothing
    for wanted in (
        Wanted(user, 50, Listing(status="classified")),
        Wanted(user, 50, Listing(topic=INVOICES.name)),
        Wanted(user, 50, Listing(topic=str(INVOICES.topic_id))),
        Wanted(user, 50, Listing(topic=INVOICES.name, status="classified")),
    ):
        assert await pages(replica, wanted) == [classified]
    pending = await pages(replica, Wanted(user, 50, Listing(status="pending")))
    assert [document.id for document in pending] == [waiting.id]
    for topic in ("Invoices", "", "%", '"', "[]"):
        assert await pages(replica, Wanted(user, 50, Listing(topic=topic))) == []
    assert await pages(replica, Wanted(user, 50, Listing(status="pending", topic=INVOICES.name))) == []


@pytest.mark.parametrize(
    "change",
    [
        "status = 'lost'",
        "size_bytes = -1",
        "size_bytes = 5",
        "status = 'uploaded'",
        "status = 'uploaded', etag = 'e'",
        "status = 'uploaded', etag = 'e', version = 1, ruling = 'rejected'",
        "status = 'uploaded', etag = 'e', ruling = 'reserved'",
        "status = 'rejected', reason = 'over_quota'",
        "status = 'deleted'",
        "status = 'classified', etag = 'e', ruling = 'reserved', version = 1",
        "version = -1",
        "used_bytes = -1",
        "limit_bytes = -1",
        "topics = '{}'",
        "filename = ''",
        "expires_at = created_at",
    ],
)
async def test_what_must_never_be_cannot_be_stored(replica: Replica, change: str) -> None:
    await replica.make()
    with pytest.raises(asyncpg.CheckViolationError):
        await replica.pool.execute(f"UPDATE documents SET {change}")  # noqa: S608 - the example above
