"""Documents filed by hand, on a real database, beside consumers and workers that write the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from docuvault_contracts.cloudevents import decode
from docuvault_contracts.events import Classified, FiledTopic, TopicsCorrected

from services.chassis.errors import Transient
from services.chassis.postgres import load_sql, transaction
from services.classifier.corrections import FILED_NOWHERE, OUTCOME, REASON, UNDONE, PgCorrections
from tests.stack.classifier_service import Service, open_classifier
from tests.stack.support.waiting import eventually

NOT_FOUND = (404, {"detail": "Document not found"})


@pytest.fixture
async def service(database: str) -> AsyncIterator[Service]:
    async with open_classifier(database) as opened:
        yield opened


@pytest.fixture
def user() -> UUID:
    return uuid4()


async def test_a_correction_files_the_document_makes_examples_and_tells_everybody(service: Service, user: UUID) -> None:
    document, one, other = await service.store(user, language="de"), *[await service.topic(user, n) for n in "ab"]
    status, answer = await service.file(user, document, other, one)
    shown = [{"topic_id": t, "name": n, "score": 1.0, "reason": REASON} for t, n in ((other, "b"), (one, "a"))]
    assert (status, answer) == (200, {"id": str(document), "topics": shown})
    row = await service.row(document)
    assert (row["corrected"], row["outcome"], row["round"], row["turn"]) == (True, OUTCOME, 1, None)
    assert await service.filed(document) == [other, one]
    assert await service.examples(document) == {one, other}
    filed = tuple(FiledTopic.model_validate(topic) for topic in shown)
    about = {"document_id": document, "user_id": user, "object_key": row["object_key"]}
    assert await service.said(document) == [
        Classified.model_validate(
            about
            | {"version": 1, "topics": filed, "classified_at": row["told_at"], "outcome": OUTCOME, "language": "de"}
        ),
        TopicsCorrected.model_validate(about | {"topic_ids": (other, one), "corrected_at": row["told_at"]}),
    ]
    assert [topic["examples"] for topic in (await service.call("GET", "/api/topics", user))[1]["items"]] == [1, 1]


async def test_a_correction_replaces_the_one_before_and_is_told_later_than_it(service: Service, user: UUID) -> None:
    document, one, other = await service.store(user), *[await service.topic(user, n) for n in "ab"]
    ahead = datetime.now(UTC) + timedelta(minutes=5)
    await service.pool.execute("UPDATE documents SET told_at = $1, outcome = 'filed'", ahead)
    for topics in ([one], [one, other], []):
        assert (await service.file(user, document, *topics))[0] == 200
        assert await service.examples(document) == set(topics)
    times = [said.classified_at for said in await service.said(document) if isinstance(said, Classified)]
    assert times == [ahead + timedelta(microseconds=n) for n in (1, 2, 3)]
    ids = {decode(message.headers, message.value).id for message in await service.messages(document)}
    assert len(ids) == 6


async def test_filed_under_nothing_is_a_correction_too_and_says_why(service: Service, user: UUID) -> None:
    document = await service.store(user)
    assert await service.file(user, document) == (200, {"id": str(document), "topics": []})
    said = (await service.said(document))[0]
    assert isinstance(said, Classified)
    assert (said.topics, said.note, (await service.row(document))["corrected"]) == ((), FILED_NOWHERE, True)


async def test_a_document_that_was_not_read_goes_in_line_for_its_vector(service: Service, user: UUID) -> None:
    document, topic = await service.store(user, read=False), await service.topic(user, "a")
    assert (await service.file(user, document, topic))[0] == 200
    row = await service.row(document)
    assert (row["turn"] is not None, row["corrected"], len(service.woken)) == (True, True, 1)


async def test_a_document_that_waits_and_was_read_leaves_the_line(service: Service, user: UUID) -> None:
    document = await service.store(user, turn=3, due_at=datetime.now(UTC), leased_until=datetime.now(UTC), attempts=2)
    assert (await service.file(user, document))[0] == 200
    row = await service.row(document)
    assert (row["turn"], row["due_at"], row["leased_until"], row["attempts"], row["round"]) == (None, None, None, 0, 1)
    assert service.woken == []


async def test_of_topics_that_are_not_the_callers_each_is_named_and_nothing_is_filed(
    service: Service, user: UUID
) -> None:
    document, mine, others = (
        await service.store(user),
        await service.topic(user, "a"),
        await service.topic(uuid4(), "b"),
    )
    gone = await service.topic(user, "c")
    await service.call("DELETE", f"/api/topics/{gone}", user)
    status, answer = await service.file(user, document, mine, others, gone)
    assert (status, [problem["loc"] for problem in answer["detail"]]) == (
        422, [["body", "topic_ids", 1], ["body", "topic_ids", 2]]
    )  # fmt: skip
    assert (await service.filed(document), await service.said()) == ([], [])


@pytest.mark.parametrize("topics", [["x"], [str(uuid4())] * 21, "abc", None, [None]])
async def test_what_names_no_topics_is_a_422(service: Service, user: UUID, topics: Any) -> None:
    document = await service.store(user)
    status, answer = await service.call("PUT", f"/api/documents/{document}/topics", user, {"topic_ids": topics})
    assert (status, answer["detail"][0]["loc"][:2]) == (422, ["body", "topic_ids"])


async def test_a_topic_that_is_named_twice_is_a_422(service: Service, user: UUID) -> None:
    document, topic = await service.store(user), await service.topic(user, "a")
    assert (await service.file(user, document, topic, topic))[0] == 422


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_anothers_document_a_deleted_one_and_no_id_at_all_are_the_same(
    service: Service, user: UUID, method: str
) -> None:
    others = await service.store(uuid4())
    ended = [await service.store(user, state=state) for state in ("gone", "deleted", "unheard")]
    for document in (others, *ended, uuid4(), "x", "%00", "..%2f"):
        answer = await service.call(method, f"/api/documents/{document}/topics", user, {"topic_ids": []})
        assert answer == NOT_FOUND
    assert await service.said() == []


async def test_a_document_that_is_on_its_way_is_waited_for(
    database: str, user: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, correct = asyncio.Event(), PgCorrections.correct

    async def noted(*given: Any) -> Any:
        answer = await correct(*given)
        asked.set()
        return answer

    monkeypatch.setattr(PgCorrections, "correct", noted)
    async with open_classifier(database, wait_seconds=20) as service:
        document = await service.store(user, state="unheard")
        filing = asyncio.create_task(service.file(user, document))
        await asked.wait()
        await service.pool.execute("UPDATE documents SET state = 'stored', etag = 'e' WHERE document_id = $1", document)
        assert (await filing)[0] == 200


async def test_a_correction_is_undone_and_the_document_classified_anew(service: Service, user: UUID) -> None:
    document, topic = await service.store(user), await service.topic(user, "a")
    await service.file(user, document, topic)
    status, answer = await service.call("DELETE", f"/api/documents/{document}/topics", user)
    assert (status, answer["id"], answer["status"]) == (202, str(document), "classified")
    row = await service.row(document)
    assert (row["corrected"], row["round"], row["turn"] is not None, len(service.woken)) == (False, 2, True, 1)
    assert (await service.examples(document), await service.filed(document)) == (set(), [])
    said = (await service.said(document))[-1]
    assert isinstance(said, Classified)
    assert (said.topics, said.note, said.classified_at) == ((), UNDONE, row["told_at"])
    assert len(await service.said(document)) == 3


async def test_what_was_never_corrected_is_not_undone(service: Service, user: UUID) -> None:
    document = await service.store(user)
    for _ in range(2):
        assert (await service.call("DELETE", f"/api/documents/{document}/topics", user))[0] == 202
    row = await service.row(document)
    assert (row["round"], row["turn"], service.woken) == (0, None, [])


async def test_an_example_of_a_document_that_was_classified_again_is_undone_too(service: Service, user: UUID) -> None:
    document, topic = await service.store(user), await service.topic(user, "a")
    await service.file(user, document, topic)
    await service.pool.execute("UPDATE documents SET corrected = false")  # as a wish to classify it again does
    before = await service.said(document)
    await service.call("DELETE", f"/api/documents/{document}/topics", user)
    assert (await service.examples(document), (await service.row(document))["round"]) == (set(), 2)
    assert (await service.filed(document), await service.said(document)) == ([topic], before)


async def test_a_result_that_is_recorded_at_the_same_time_never_wins_over_a_correction(
    service: Service, user: UUID
) -> None:
    """A worker locks the row, and writes where the round is still the one it claimed."""
    topic = await service.topic(user, "a")
    documents = [await service.store(user, turn=n + 1, due_at=datetime.now(UTC)) for n in range(8)]

    async def conclude(document: UUID) -> None:
        async with transaction(service.pool) as connection:
            row = await connection.fetchrow("SELECT round FROM documents WHERE document_id = $1 FOR UPDATE", document)
            assert row is not None
            if row["round"] == 0:
                await connection.execute(
                    "UPDATE documents SET topics = '[]', outcome = 'nothing_fits', turn = NULL, due_at = NULL,"
                    " told_at = clock_timestamp() WHERE document_id = $1",
                    document,
                )

    results = [conclude(document) for document in documents]
    filings = [service.file(user, document, topic) for document in documents]
    await asyncio.gather(*(each for pair in zip(results, filings, strict=True) for each in pair))
    for document in documents:
        row = await service.row(document)
        assert (row["outcome"], await service.filed(document)) == (OUTCOME, [topic])


async def test_a_topic_that_is_deleted_at_the_same_time_is_refused_or_filed_and_never_left_dangling(
    service: Service, user: UUID
) -> None:
    for _ in range(10):
        document, topic = await service.store(user), await service.topic(user, "a")
        (status, _), (deleted, _) = await asyncio.gather(
            service.file(user, document, topic), service.call("DELETE", f"/api/topics/{topic}", user)
        )
        assert (status in {200, 422}, deleted) == (True, 204)
        assert await service.filed(document) == ([topic] if status == 200 else [])


async def test_who_files_under_a_topic_that_is_just_being_deleted_waits_and_is_told_that_it_is_gone(
    service: Service, user: UUID
) -> None:
    document, topic = await service.store(user), await service.topic(user, "a")
    async with transaction(service.pool) as deleting:
        await deleting.execute("UPDATE topics SET deleted_at = now()")
        filing = asyncio.create_task(service.file(user, document, topic))
        await eventually(service.someone_waits, becomes=True)
    assert (await filing)[0] == 422
    assert await service.filed(document) == []


async def test_corrections_of_one_document_at_once_end_as_one_of_them(service: Service, user: UUID) -> None:
    document = await service.store(user)
    topics = [await service.topic(user, f"t{number}") for number in range(6)]
    answers = await asyncio.gather(*(service.file(user, document, topic) for topic in topics))
    assert [status for status, _ in answers] == [200] * 6
    assert [*await service.examples(document)] == await service.filed(document)
    last = [said for said in await service.said(document) if isinstance(said, TopicsCorrected)][-1]
    assert [str(topic) for topic in last.topic_ids] == await service.filed(document)


async def test_what_cannot_be_said_is_not_done(service: Service, user: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    document = await service.store(user)

    async def fail(*_: object) -> None:
        raise Transient("no outbox")

    monkeypatch.setattr(service.outbox, "add", fail)
    with pytest.raises(Transient):
        await PgCorrections(service.pool, service.outbox).correct(user, document, [], "")
    row = await service.row(document)
    assert (row["corrected"], row["round"]) == (False, 0)


async def test_the_statement_that_puts_in_line_lets_users_take_turns(service: Service) -> None:
    many, few = uuid4(), uuid4()
    crowd = [await service.store(many) for _ in range(4)]
    async with transaction(service.pool) as connection:
        await connection.execute(load_sql("services.classifier")["enter_line"], crowd)
    late = await service.store(few, read=False)
    assert (await service.file(few, late))[0] == 200
    turns = [(await service.row(document))["turn"] for document in (*crowd, late)]
    assert turns[-1] <= turns[0] < turns[1] < turns[2] < turns[3]
