"""Who is told of again, on a real PostgreSQL: by its clock, once a period, the oldest first, and nothing decided."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import QuotaReleased

from services.chassis.outbox import message_of
from services.upload import reminders
from services.upload.decide import apply
from services.upload.document import Document, Status
from services.upload.messages import document_deleted, upload_reminded
from services.upload.reminders import Place, Reminder, Reminders, Slice, Unanswered
from services.upload.rows import columns
from services.upload.store import SQL
from services.upload.store_jobs import PgWaiting
from tests.stack.upload_replicas import TRACE, Replica, about, rejected, reserved
from tests.unit.upload_jobs import Held

PATIENCE, GRACE = 5400.0, 900.0
OLD = timedelta(seconds=PATIENCE + 60)


def waiting(replica: Replica) -> PgWaiting:
    return PgWaiting(replica.pool, replica.outbox, PATIENCE, GRACE)


async def remind(replica: Replica) -> int:
    result = await Reminders(waiting(replica))(Held().lease)
    return int(str(result["told"]))


async def age(replica: Replica, *documents: Document, by: timedelta = OLD) -> None:
    """As if the documents had been told of so much earlier, with their URLs; empties the outbox."""
    await replica.pool.execute(
        "UPDATE documents SET told_at = told_at - $1::interval, created_at = created_at - $1::interval,"
        " expires_at = expires_at - $1::interval WHERE id = ANY ($2::uuid[])",
        by,
        [document.id for document in documents],
    )
    await replica.pool.execute("TRUNCATE outbox")


async def told_at(replica: Replica, document: Document) -> datetime:
    found: datetime = await replica.pool.fetchval("SELECT told_at FROM documents WHERE id = $1", document.id)
    return found


async def said(replica: Replica) -> Sequence[Any]:
    rows = await replica.pool.fetch("SELECT * FROM outbox ORDER BY id")
    return [decode(message_of(row).headers, message_of(row).value).event for row in rows]


async def delete(replica: Replica, document: Document) -> None:
    assert await replica.documents.delete(document, document_deleted(document, document.created_at, TRACE))


def released(document: Document) -> QuotaReleased:
    return QuotaReleased(
        **about(document),
        version=2,
        released_bytes=10,
        used_bytes=0,
        limit_bytes=1000,
        reason="document_deleted",
        decided_at=document.created_at,
    )


async def test_a_document_that_nobody_decided_is_told_of_again_as_it_was(replica: Replica) -> None:
    document = await replica.make()
    await age(replica, document)
    assert await remind(replica) == 1
    [row] = await replica.pool.fetch("SELECT * FROM outbox")
    assert message_of(row) == upload_reminded(await replica.row(document), await told_at(replica, document))


async def test_it_is_told_of_once_a_period(replica: Replica) -> None:
    document = await replica.make()
    await age(replica, document)
    assert [await remind(replica), await remind(replica)] == [1, 0]
    await age(replica, document)
    assert [await remind(replica), await remind(replica)] == [1, 0]


async def test_one_that_was_asked_for_a_moment_ago_is_left_in_peace_whatever_its_services_clock_says(
    replica: Replica,
) -> None:
    long_ago = timedelta(hours=5)
    document = await replica.make()
    await replica.pool.execute(
        "UPDATE documents SET created_at = created_at - $1::interval, expires_at = expires_at - $1::interval", long_ago
    )
    assert await remind(replica) == 0
    assert document.is_live


async def test_the_oldest_is_told_of_first(replica: Replica) -> None:
    documents = [await replica.make() for _ in range(4)]
    for number, document in enumerate(documents):
        await age(replica, document, by=OLD + timedelta(minutes=number))
    assert await remind(replica) == 4
    assert [event.document_id for event in await said(replica)] == [each.id for each in reversed(documents)]


async def test_what_is_decided_or_gone_is_not_told_of(replica: Replica) -> None:
    stored, refused, freed, abandoned = [await replica.make() for _ in range(4)]
    await replica.hear(reserved(stored), rejected(refused), reserved(freed))
    await delete(replica, freed)
    await replica.hear(released(freed))
    await replica.pool.execute(
        "UPDATE documents SET status = 'deleted', reason = 'abandoned' WHERE id = $1", abandoned.id
    )
    await age(replica, stored, refused, freed, abandoned)
    assert await remind(replica) == 0


@pytest.mark.parametrize("decided", [True, False])
async def test_a_deletion_that_the_ledger_has_not_answered_is_told_again(
    replica: Replica,
    decided: bool,  # noqa: FBT001 - both
) -> None:
    document = await replica.make()
    if decided:
        await replica.hear(reserved(document))
    await delete(replica, document)
    await age(replica, document)
    assert [await remind(replica), await remind(replica)] == [1, 0]
    [event] = await said(replica)
    assert (event.type, event.document_id) == ("document.deleted", document.id)
    assert event.reminded_at == await told_at(replica, document)


async def test_a_deletion_is_an_event_of_its_own_and_waits_for_its_own_answer(replica: Replica) -> None:
    document = await replica.make()
    await age(replica, document)
    await delete(replica, document)
    assert await remind(replica) == 0
    assert await replica.outbox_types() == ["document.deleted"]


async def test_while_its_url_lives_nothing_is_said_and_it_is_looked_at_again_later(replica: Replica) -> None:
    document = await replica.make()
    await age(replica, document)
    await replica.pool.execute("UPDATE documents SET expires_at = clock_timestamp() - interval '10 minutes'")
    assert await remind(replica) == 0
    assert await replica.outbox_types() == []
    await age(replica, document)
    assert await remind(replica) == 1


class Racing(PgWaiting):
    """Something happens between the look and the word."""

    happens: Callable[[], Awaitable[None]]

    async def tell(self, reminders_: Sequence[Reminder], upto: Place) -> int:
        await self.happens()
        return await super().tell(reminders_, upto)


@pytest.mark.parametrize("event", ["decided", "deleted", "told"])
async def test_of_what_is_answered_between_the_look_and_the_word_nothing_is_said(replica: Replica, event: str) -> None:
    document, other = await replica.make(), await replica.make()
    await age(replica, document, other)
    racing = Racing(replica.pool, replica.outbox, PATIENCE, GRACE)

    async def happens() -> None:
        if event == "decided":
            await replica.hear(reserved(document))
        elif event == "deleted":
            await delete(replica, document)
        else:
            await replica.pool.execute("UPDATE documents SET told_at = now() WHERE id = $1", document.id)

    racing.happens = happens
    assert await Reminders(racing)(Held().lease) == {"told": 1, "left": False}
    about_it = [each.type for each in await said(replica) if each.document_id == document.id]
    assert about_it == (["document.deleted"] if event == "deleted" else [])


async def test_a_slice_is_bounded_also_where_all_were_told_of_in_one_moment(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminders, "SLICE", 3)
    documents = [await replica.make() for _ in range(8)]
    await replica.hear(reserved(documents[0]), reserved(documents[4]))
    await age(replica, *documents)
    await replica.pool.execute("UPDATE documents SET told_at = now() - $1::interval", OLD)
    sizes: list[int] = []

    class Counting(PgWaiting):
        async def unanswered(self, slice_: Slice) -> Sequence[Unanswered]:
            sizes.append(slice_.size)
            return await super().unanswered(slice_)

    work = Reminders(Counting(replica.pool, replica.outbox, PATIENCE, GRACE))
    assert await work(Held().lease) == {"told": 6, "left": False}
    assert sizes == [3, 3, 2]


async def test_after_the_clock_was_set_back_nobody_is_forgotten(replica: Replica) -> None:
    document = await replica.make()
    await age(replica, document)
    await replica.pool.execute("UPDATE reminded_until SET told_at = now() + interval '1 hour'")
    assert await remind(replica) == 1


async def test_a_decision_still_touches_no_index(replica: Replica) -> None:
    row = await replica.row(await replica.make())
    async with replica.pool.acquire() as connection, connection.transaction():
        assert await connection.fetch(SQL["update_documents"], *columns([apply(row, reserved(row))]))
        counts = await connection.fetchrow(
            "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'documents'"
        )
    assert counts is not None
    assert tuple(counts) == (1, 1)
    assert (await replica.row(row)).status is Status.UPLOADED


async def test_slices_are_read_from_the_index_whatever_the_history(replica: Replica) -> None:
    await replica.pool.execute(
        "INSERT INTO documents (id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at,"
        " told_at, status, etag, version, ruling)"
        " SELECT gen_random_uuid(), gen_random_uuid(), n::text, 'a', 'a/b', now(), now(), 'infinity',"
        " now() - n * interval '1 s', 'uploaded', 'e', 1, 'reserved'"
        " FROM generate_series(1, 20000) AS n"
    )
    await replica.pool.execute("ANALYZE documents")
    text = await explained(replica, "reminders_slice", PATIENCE, 100)
    assert re.search(r"Index Only Scan using documents_as_told .*rows=100\b.* loops=1", text), text


async def explained(replica: Replica, name: str, *arguments: object) -> str:
    async with replica.pool.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        plan = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS OFF) {SQL[name]}", *arguments)
    return "\n".join(row[0] for row in plan)


async def test_a_document_is_told_of_by_the_databases_clock_from_the_start(replica: Replica) -> None:
    document = await replica.make()
    now: datetime = await replica.pool.fetchval("SELECT clock_timestamp()")
    assert abs(now - await told_at(replica, document)) < timedelta(minutes=1)
    with pytest.raises(asyncpg.NotNullViolationError):
        await replica.pool.execute("UPDATE documents SET told_at = NULL WHERE id = $1", document.id)
    assert await replica.documents.find(uuid4(), document.id) is None
