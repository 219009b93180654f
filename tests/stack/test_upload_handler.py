"""Batches of decisions on a real PostgreSQL: applied once, in any order they may come, whoever applies them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from docuvault_contracts.events import (
    ClassificationFailed,
    Classified,
    FiledTopic,
    QuotaReleased,
    QuotaReserved,
    UploadAbandoned,
)
from structlog.testing import capture_logs

from services.chassis.errors import Transient
from services.upload.document import Document, Reason, Ruling, Status
from services.upload.messages import document_deleted
from tests.stack.upload_replicas import (
    LIMIT,
    TRACE,
    Replica,
    about,
    new_document,
    rejected,
    reserved,
)

NOW = datetime.now(UTC)


@pytest.fixture
def replica(replicas: list[Replica]) -> Replica:
    return replicas[0]


def released(document: Document, version: int, reason: Any = "document_deleted") -> QuotaReleased:
    said = {"version": version, "released_bytes": 10, "used_bytes": 0, "limit_bytes": LIMIT, "reason": reason}
    return QuotaReleased(**about(document), **said, decided_at=NOW)


async def delete(replica: Replica, document: Document) -> None:
    assert await replica.documents.delete(document, document_deleted(document, NOW, TRACE))


async def test_a_document_nobody_confirmed_becomes_uploaded_by_its_reservation(replica: Replica) -> None:
    document = await replica.make()
    await replica.hear(reserved(document, size=70))
    after = await replica.row(document)
    assert (after.status, after.size_bytes, after.etag, after.version) == (Status.UPLOADED, 70, "e1", 1)
    assert (after.used_bytes, after.limit_bytes, after.ruling) == (70, LIMIT, Ruling.RESERVED)
    assert after.updated_at > document.updated_at


async def test_a_batch_handled_again_leaves_the_rows_untouched(replica: Replica) -> None:
    one, other = await replica.make(), await replica.make()
    batch = (reserved(one), reserved(one, 2, "e2", 20), rejected(other), reserved(one))
    await replica.hear(*batch)
    before = await replica.pool.fetch("SELECT ctid, xmin, * FROM documents ORDER BY id")
    for _ in range(2):
        await replica.hear(*batch)
        for event in batch:
            await replica.hear(event)
    assert await replica.pool.fetch("SELECT ctid, xmin, * FROM documents ORDER BY id") == before


async def test_versions_may_come_in_any_order_and_batches(replica: Replica) -> None:
    for order in permutations(range(3)):
        for split in (1, 2, 3):
            document = await replica.make()
            words = [reserved(document, 1), reserved(document, 2, "e2", 20), rejected(document, 3)]
            events = [words[at] for at in order]
            await replica.hear(*events[:split])
            await replica.hear(*events[split:])
            after = await replica.row(document)
            assert (after.status, after.version, after.rejected_bytes) == (Status.REJECTED, 3, 2000)


async def test_a_batch_ends_as_if_it_had_been_handled_one_by_one(replica: Replica) -> None:
    random = Random(7)  # noqa: S311 - a seed, no secret
    together = [await replica.make() for _ in range(8)]
    apart = [await replica.make() for _ in range(8)]
    kinds: list[Callable[[Document, int], Any]] = [
        lambda d, v: reserved(d, v, f"e{v}", v),
        rejected,
        lambda d, v: released(d, v, "object_removed"),
        lambda d, v: Classified(**about(d), version=v, topics=(), classified_at=NOW + timedelta(seconds=v)),
        lambda d, v: ClassificationFailed(**about(d), version=v, reason="x", failed_at=NOW + timedelta(seconds=v)),
        lambda d, _: UploadAbandoned(**about(d), abandoned_at=NOW),
    ]
    script = [(random.randrange(8), random.choice(kinds), random.randrange(1, 5)) for _ in range(300)]
    await replica.hear(*(kind(together[at], version) for at, kind, version in script))
    for at, kind, version in script:
        await replica.hear(kind(apart[at], version))
    assert [await outcome(replica, each) for each in together] == [await outcome(replica, each) for each in apart]


async def outcome(replica: Replica, document: Document) -> tuple[object, ...]:
    after = await replica.row(document)
    return after.status, after.version, after.etag, after.size_bytes, after.reason, after.verdict, after.ruling


async def test_a_decision_about_an_unknown_document_is_logged_and_holds_nothing_up(replica: Replica) -> None:
    known, unknown = await replica.make(), new_document(uuid4())
    with capture_logs() as logs:
        await replica.hear(reserved(unknown), reserved(known))
    assert [line["document_id"] for line in logs if line["event"] == "upload.unknown_document"] == [str(unknown.id)]
    assert (await replica.row(known)).status is Status.UPLOADED
    assert await replica.documents.find(unknown.user_id, unknown.id) is None


async def test_a_decision_for_a_deleted_document_is_noted_and_revives_nothing(replica: Replica) -> None:
    document = await replica.make()
    await delete(replica, document)
    await replica.hear(reserved(document, 1), released(document, 2))
    after = await replica.row(document)
    assert (after.status, after.reason, after.version) == (Status.DELETED, Reason.DOCUMENT_DELETED, 2)
    assert (after.ruling, after.size_bytes) == (Ruling.RELEASED, 0)


async def test_an_object_that_is_gone_takes_its_document_along(replica: Replica) -> None:
    document = await replica.make()
    await replica.hear(reserved(document), released(document, 2, "object_removed"))
    after = await replica.row(document)
    assert (after.status, after.reason) == (Status.DELETED, Reason.OBJECT_REMOVED)


async def test_an_abandoned_upload_whose_bytes_come_after_all_lives(replica: Replica) -> None:
    document = await replica.make()
    await replica.hear(UploadAbandoned(**about(document), abandoned_at=NOW))
    assert (await replica.row(document)).status is Status.DELETED
    await replica.hear(reserved(document))
    assert (await replica.row(document)).status is Status.UPLOADED


async def test_a_classification_that_overtakes_its_reservation_is_kept(replica: Replica) -> None:
    document, topic = await replica.make(), FiledTopic(topic_id=uuid4(), name="Ünï", score=0.5, reason="near\n“it”")
    await replica.hear(Classified(**about(document), version=1, topics=(topic,), classified_at=NOW))
    assert (await replica.row(document)).status is Status.PENDING
    await replica.hear(reserved(document))
    after = await replica.row(document)
    assert (after.status, after.topics) == (Status.CLASSIFIED, (topic,))


async def test_two_replicas_on_the_same_documents_end_in_one_state_and_never_wait_in_a_circle(
    replicas: list[Replica],
) -> None:
    documents = [await replicas[0].make() for _ in range(40)]
    random = Random(3)  # noqa: S311 - as above
    batches = [
        [reserved(document, version, f"e{version}", version) for document in random.sample(documents, 40)]
        for version in range(1, 21)
    ]
    random.shuffle(batches)

    async def hear(replica: Replica, batch: Sequence[QuotaReserved]) -> None:
        """As a consumer does, which comes again where others were at the documents each time."""
        while True:
            with suppress(Transient):
                return await replica.hear(*batch)
            await asyncio.sleep(0.01)

    async with asyncio.timeout(120):
        await asyncio.gather(*(hear(replicas[at % 2], batch) for at, batch in enumerate(batches)))
    after = [await replicas[0].row(document) for document in documents]
    assert {(each.version, each.etag, each.size_bytes) for each in after} == {(20, "e20", 20)}


async def test_a_large_batch_costs_as_many_round_trips_as_a_small_one(replica: Replica) -> None:
    documents = [await replica.make() for _ in range(500)]
    small, large = await statements(replica, documents[:1]), await statements(replica, documents[1:])
    assert small == large
    assert {(await replica.row(document)).status for document in documents} == {Status.UPLOADED}


async def statements(replica: Replica, documents: list[Document]) -> list[str]:
    """What is said of a batch, in no order; without what a connection asks about types that it meets first."""
    said: list[str] = []

    def note(record: Any) -> None:
        said.append(record.query.split("\n")[0])

    connections = [await replica.pool.acquire() for _ in range(5)]
    for each in connections:
        each.add_query_logger(note)
    for each in reversed(connections):  # the one taken first is taken first again
        await replica.pool.release(each)
    await replica.hear(*(reserved(document) for document in documents))
    return sorted(query for query in said if query.startswith("--"))
