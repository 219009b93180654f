"""What a batch changes of documents in a real PostgreSQL, while others write them, too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from msgspec.structs import replace

from services.chassis.errors import Transient
from services.chassis.postgres import Connection
from services.upload.document import Document, Status
from tests.stack.support.waiting import eventually
from tests.stack.upload_replicas import Replica, execute, reserved


async def test_a_row_that_a_rival_is_about_to_commit_is_not_overwritten_but_stepped_again(replica: Replica) -> None:
    document, other = await replica.make(), await replica.make()
    seen: list[set[str]] = []

    def step(found: Iterable[Document]) -> list[Document]:
        documents = list(found)
        seen.append({each.filename for each in documents})
        return [replace(each, used_bytes=7) for each in documents]

    async with replica.pool.acquire() as rival:
        async with rival.transaction():
            await rival.execute("UPDATE documents SET filename = 'b.txt', limit_bytes = 9 WHERE id = $1", document.id)
            change = asyncio.create_task(replica.documents.change([document.id, other.id], step))
            await eventually(partial(_somebody_waits, rival), becomes=True)
        changed = await change

    assert seen == [{"a.txt"}, {"b.txt"}]
    assert {(each.id, each.limit_bytes) for each in changed} == {(document.id, 9), (other.id, 0)}
    assert {(each.limit_bytes, each.used_bytes) for each in [await replica.row(each) for each in changed]} == {
        (9, 7), (0, 7)
    }  # fmt: skip


async def test_a_document_that_others_write_each_time_before_us_is_trouble_that_may_pass(replica: Replica) -> None:
    document = await replica.make()

    def overtaken(found: Iterable[Document]) -> list[Document]:
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(asyncio.run, execute(replica.url, "UPDATE documents SET limit_bytes = limit_bytes + 1"))
        return [replace(each, used_bytes=7) for each in found]

    with pytest.raises(Transient, match="written by others"):
        await replica.documents.change([document.id], overtaken)
    assert (await replica.row(document)).used_bytes == 0


async def test_what_a_waiter_read_before_is_tried_and_refused_once_it_is_old(replica: Replica) -> None:
    document = await replica.make()
    with replica.waiters.watch(document.id) as watch:
        watch.document = await replica.row(document)
        await replica.hear(reserved(document, 1))
        await replica.hear(reserved(document, 2, etag="e2", size=20))  # the waiter has not read again
    after = await replica.row(document)
    assert (after.version, after.etag, after.size_bytes) == (2, "e2", 20)


async def test_a_waiter_of_one_document_of_a_batch_knows_nothing_of_the_others(replica: Replica) -> None:
    document, other = await replica.make(), await replica.make()
    with replica.waiters.watch(document.id) as watch:
        watch.document = await replica.row(document)
        await replica.hear(reserved(document), reserved(other))
    assert [(await replica.row(each)).status for each in (document, other)] == [Status.UPLOADED] * 2


async def _somebody_waits(connection: Connection) -> bool:
    return bool(await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))
