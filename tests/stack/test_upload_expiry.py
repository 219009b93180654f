"""Which tombstones are forgotten, on a real PostgreSQL, and that what comes about them afterwards harms nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from docuvault_contracts.events import QuotaReleased, UploadAbandoned

from services.upload.document import Document, Status
from services.upload.messages import document_deleted
from services.upload.store import SQL
from services.upload.store_jobs import PgTombstones
from tests.stack.upload_replicas import TRACE, Replica, about, rejected, reserved

RETENTION, GRACE = 86_400.0, 900.0
OLD = timedelta(seconds=RETENTION + 60)


async def expire(replica: Replica, most: int = 100) -> int:
    return await PgTombstones(replica.pool, RETENTION, GRACE).expire(most)


async def age(replica: Replica, by: timedelta = OLD) -> None:
    await replica.pool.execute(
        "UPDATE documents SET updated_at = now() - $1::interval, created_at = created_at - $1::interval,"
        " expires_at = expires_at - $1::interval",
        by,
    )


async def left(replica: Replica) -> set[Any]:
    return {row["id"] for row in await replica.pool.fetch("SELECT id FROM documents")}


async def delete(replica: Replica, document: Document) -> None:
    assert await replica.documents.delete(document, document_deleted(document, document.created_at, TRACE))


def released(document: Document, version: int = 2) -> QuotaReleased:
    numbers = {"released_bytes": 10, "used_bytes": 0, "limit_bytes": 1000}
    said = about(document) | numbers | {"reason": "document_deleted", "decided_at": document.created_at}
    return QuotaReleased(**said, version=version)


async def tombstones(replica: Replica) -> Sequence[Document]:
    """Of every kind that may go: refused, deleted and let go, and abandoned."""
    refused, deleted, abandoned = [await replica.make() for _ in range(3)]
    await replica.hear(rejected(refused), reserved(deleted))
    await delete(replica, deleted)
    await replica.hear(released(deleted))
    await replica.hear(UploadAbandoned(**about(abandoned), abandoned_at=abandoned.created_at))
    return refused, deleted, abandoned


async def test_tombstones_past_their_retention_are_forgotten_and_no_others(replica: Replica) -> None:
    old = await tombstones(replica)
    stored, waits = await replica.make(), await replica.make()
    await replica.hear(reserved(stored))
    await age(replica)
    young = await tombstones(replica)
    assert await expire(replica) == len(old)
    assert await left(replica) == {each.id for each in (*young, stored, waits)}


@pytest.mark.parametrize("decided", [True, False])
async def test_a_deletion_that_the_ledger_has_not_answered_is_kept_however_old(
    replica: Replica,
    decided: bool,  # noqa: FBT001 - both
) -> None:
    document = await replica.make()
    if decided:
        await replica.hear(reserved(document))
    await delete(replica, document)
    await age(replica)
    assert await expire(replica) == 0
    await replica.hear(released(document))
    await age(replica)
    assert await expire(replica) == 1


async def test_none_goes_whose_url_could_still_bring_bytes(replica: Replica) -> None:
    await tombstones(replica)
    await age(replica)
    await replica.pool.execute("UPDATE documents SET expires_at = clock_timestamp() - interval '10 minutes'")
    assert await expire(replica) == 0


async def test_the_retention_counts_from_the_last_word_about_it(replica: Replica) -> None:
    document = await replica.make()
    await replica.hear(rejected(document))
    await age(replica)
    await replica.hear(rejected(document, version=2, reason="already_rejected"))
    assert await expire(replica) == 0


async def test_a_document_that_came_back_is_no_tombstone_any_more(replica: Replica) -> None:
    *_, abandoned = await tombstones(replica)
    await replica.hear(reserved(abandoned))
    await age(replica)
    assert await expire(replica) == 2
    assert (await replica.row(abandoned)).status is Status.UPLOADED


async def test_the_oldest_go_first_and_no_more_than_asked_for(replica: Replica) -> None:
    first = await tombstones(replica)
    await age(replica)
    second = await tombstones(replica)
    await age(replica, OLD)
    await replica.pool.execute(
        "UPDATE documents SET updated_at = updated_at - interval '1 day' WHERE id = ANY ($1::uuid[])",
        [each.id for each in first],
    )
    assert await expire(replica, most=3) == 3
    assert await left(replica) == {each.id for each in second}


async def test_what_still_comes_about_a_forgotten_document_changes_nothing(replica: Replica) -> None:
    refused, deleted, abandoned = await tombstones(replica)
    await age(replica)
    await expire(replica)
    late = UploadAbandoned(**about(abandoned), abandoned_at=abandoned.created_at)
    await replica.hear(reserved(refused, version=9), released(deleted, version=9), late)
    assert await left(replica) == set()
    assert await replica.documents.find(refused.user_id, refused.id) is None


async def test_tombstones_are_found_by_an_index_of_their_own(replica: Replica) -> None:
    await replica.pool.execute(
        "INSERT INTO documents (id, user_id, object_key, filename, content_type, created_at, updated_at, expires_at,"
        " status, reason, ruling, version)"
        " SELECT gen_random_uuid(), gen_random_uuid(), n::text, 'a', 'a/b', '2020-01-01', now() - n * interval '1 s',"
        " '2020-01-02', 'deleted', 'document_deleted', 'released', 1"
        " FROM generate_series(1, 20000) AS n"
    )
    await replica.pool.execute("ANALYZE documents")
    async with replica.pool.acquire() as connection:
        plan = await connection.fetch(f"EXPLAIN {SQL['expire_documents']}", RETENTION, GRACE, 100)
    assert "Index Scan using documents_buried" in "\n".join(row[0] for row in plan)
