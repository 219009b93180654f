"""Deleted topics are taken off documents, whatever happens to the run that does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import Classified

from services.chassis.jobs import Job, LeaseLost, run_jobs, run_now
from services.chassis.lease import Lease
from services.classifier.topics_removal import NOTE, Removal, removal_job
from services.classifier.topics_store import REMOVAL
from tests.stack.classifier_service import Service, open_classifier
from tests.stack.support.waiting import eventually


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    async with open_classifier(database) as opened:
        yield opened


@pytest.fixture
def user() -> UUID:
    return uuid4()


async def store_filed(service: Service, user: UUID, *topics: str, **columns: Any) -> UUID:
    """A document that was filed under the topics, in that order."""
    filed = [{"topic_id": topic, "name": "n", "score": 0.5, "reason": "r"} for topic in topics]
    told: dict[str, Any] = {"outcome": "filed", "told_at": datetime.now(UTC), "topics": orjson.dumps(filed).decode()}
    return await service.store(user, **told | columns)


async def delete(service: Service, user: UUID, topic: str) -> None:
    assert (await service.call("DELETE", f"/api/topics/{topic}", user))[0] == 204


async def run(service: Service, size: int = 200) -> Any:
    """The job, once."""
    return await run_now(service.pool, Job(REMOVAL, 60, Removal(service.pool, service.outbox, size)), 10)


async def words_of(service: Service, document: UUID) -> list[tuple[list[str], str | None, str | None]]:
    """Of each thing said: the topics, the outcome, the note."""
    said = [event for event in await service.said(document) if isinstance(event, Classified)]
    return [([str(topic.topic_id) for topic in event.topics], event.outcome, event.note) for event in said]


async def test_a_deleted_topic_goes_off_its_documents_and_each_owner_is_told_what_is_left(
    service: Service, user: UUID
) -> None:
    gone, stays = await service.topic(user, "gone"), await service.topic(user, "stays")
    both, only = await store_filed(service, user, gone, stays), await store_filed(service, user, gone)
    by_hand, other = await service.store(user), await store_filed(service, user, stays)
    await service.file(user, by_hand, gone)
    await delete(service, user, gone)
    assert await run(service) == {"topics": 1, "documents": 3}
    assert [await service.filed(document) for document in (both, only, by_hand, other)] == [[stays], [], [], [stays]]
    assert await words_of(service, both) == [([stays], "filed", None)]
    assert await words_of(service, only) == [([], "nothing_fits", NOTE)]
    assert (await words_of(service, by_hand))[1:] == [([], "corrected", NOTE)]
    assert (await words_of(service, other), await service.examples(by_hand)) == ([], set())
    assert [str(row["id"]) for row in await service.pool.fetch("SELECT id FROM topics")] == [stays]


async def test_what_is_said_is_later_than_all_before_also_where_a_clock_was_ahead(service: Service, user: UUID) -> None:
    ahead, topic = datetime.now(UTC) + timedelta(hours=1), await service.topic(user, "a")
    document = await store_filed(service, user, topic, told_at=ahead)
    await delete(service, user, topic)
    await run(service)
    said = (await service.said(document))[0]
    assert isinstance(said, Classified)
    assert said.classified_at == ahead + timedelta(microseconds=1) == (await service.row(document))["told_at"]


class Dying(Lease):
    """Lost after two slices."""

    def __init__(self) -> None:
        self.checks = 0

    async def check(self) -> None:
        self.checks += 1
        if self.checks > 2:
            raise LeaseLost("killed")


async def test_a_run_that_is_cut_off_is_gone_on_with_and_nothing_is_said_twice(service: Service, user: UUID) -> None:
    topic = await service.topic(user, "a")
    documents = [await store_filed(service, user, topic) for _ in range(7)]
    await delete(service, user, topic)

    with pytest.raises(LeaseLost):
        await Removal(service.pool, service.outbox, 2)(Dying())
    assert len(await service.said()) == 4
    assert await run(service, 2) == {"topics": 1, "documents": 3}
    ids = [decode(message.headers, message.value).id for message in await service.messages()]
    assert (len(ids), len(set(ids))) == (7, 7)
    assert [await service.filed(document) for document in documents] == [[]] * 7


async def test_a_run_that_is_killed_in_its_transaction_has_done_nothing(
    service: Service, user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await service.topic(user, "a")
    document = await store_filed(service, user, topic)
    await delete(service, user, topic)
    reached = asyncio.Event()

    async def hang(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(service.outbox, "add", hang)
        running = asyncio.create_task(run(service))
        await asyncio.wait_for(reached.wait(), 10)
        running.cancel()
        await asyncio.wait({running})
    assert await service.filed(document) == [topic]
    assert await run(service) == {"topics": 1, "documents": 1}


async def test_a_deletion_has_the_job_run_at_once(service: Service, user: UUID) -> None:
    stop, topic = asyncio.Event(), await service.topic(user, "a")
    document = await store_filed(service, user, topic)
    running = asyncio.create_task(run_jobs(service.pool, [removal_job(service.pool, service.outbox, 3600)], stop))

    async def finished() -> bool:
        return bool(await service.pool.fetchval("SELECT count(*) FROM jobs WHERE due_at > now() + '1 h'::interval / 2"))

    await eventually(finished, becomes=True)  # so the next run is in an hour
    await delete(service, user, topic)
    await eventually(lambda: service.filed(document), becomes=[])
    stop.set()
    await running


async def test_documents_that_are_corrected_while_a_topic_goes_end_without_it(service: Service, user: UUID) -> None:
    gone, stays = await service.topic(user, "gone"), await service.topic(user, "stays")
    documents = [await store_filed(service, user, gone) for _ in range(20)]
    await delete(service, user, gone)
    filings = (service.file(user, document, stays) for document in documents[::2])
    answers = await asyncio.gather(run(service, 3), *filings)
    assert [status for status, _ in answers[1:]] == [200] * 10
    assert [await service.filed(document) for document in documents] == [[stays], []] * 10
    assert await service.pool.fetchval("SELECT count(*) FROM topics WHERE deleted_at IS NOT NULL") == 0


async def test_the_name_of_a_deleted_topic_is_free_before_the_job_has_run(service: Service, user: UUID) -> None:
    for _ in range(3):
        await delete(service, user, await service.topic(user, "a"))
    assert await service.names(user) == []
    assert await run(service) == {"topics": 3, "documents": 0}


async def test_with_nothing_to_remove_nothing_happens(service: Service) -> None:
    assert await run(service) == {"topics": 0, "documents": 0}
