"""What came of a document, recorded on a real PostgreSQL together with what is said of it: once, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import orjson
import pytest
from docuvault_contracts.events import FiledTopic

from services.classifier.corrections import PgCorrections
from services.classifier.filing import Filed, Vector
from services.classifier.model import Result
from services.classifier.reading import Unreadable
from tests.stack.classifier_place import RECIPE, WISHES, Doc, Place, open_place

USER = uuid4()
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
VECTOR: Vector = np.asarray([0.6, 0.8], dtype=np.float32)


@pytest.fixture
async def place(stack: Any) -> AsyncIterator[Place]:
    async with open_place(stack) as found:
        yield found


@dataclass(frozen=True)
class Made:
    """As a mode makes it."""

    topic_id: UUID
    revision: int
    vector: Vector


def filed(*topics: UUID, vector: Vector | None = VECTOR) -> Result:
    found = tuple(FiledTopic(topic_id=each, name="Tax", score=0.5, reason="like its description") for each in topics)
    return Result(Filed(found, vector), "text/markdown", "en", mismatch=True, terms=("tax", "pay"))


async def test_a_result_is_written_said_and_out_of_line(place: Place) -> None:
    doc, topic = Doc(USER), await place.make_topic(USER)
    await place.hear(doc.reserved())
    recorded = await place.records.record(await place.claim(), filed(topic))
    assert recorded is not None
    row = await place.row(doc)
    assert (row["outcome"], row["told_at"], row["turn"], row["leased_until"]) == ("filed", recorded.told_at, None, None)
    assert (row["media_type"], row["language"], row["mismatch"]) == ("text/markdown", "en", True)
    assert (row["vector"], row["vector_of"], row["terms"]) == (VECTOR.tobytes(), RECIPE, ["tax", "pay"])
    (said,) = await place.said()
    assert said["topic"] == "classification"


async def test_topics_that_were_deleted_meanwhile_are_left_out(place: Place) -> None:
    doc, stays, goes = Doc(USER), await place.make_topic(USER), await place.make_topic(USER, "Old")
    foreign = await place.make_topic(uuid4())
    await place.hear(doc.reserved())
    claim = await place.claim()
    await place.pool.execute("UPDATE topics SET deleted_at = now() WHERE id = $1", goes)
    recorded = await place.records.record(claim, filed(goes, stays, foreign))
    assert recorded is not None
    assert [topic.topic_id for topic in recorded.topics] == [stays]


async def test_the_second_of_two_results_is_dropped_and_says_nothing(place: Place) -> None:
    doc = Doc(USER)
    await place.hear(doc.reserved())
    stalled = await place.line(lease_seconds=0).claim(())
    assert stalled is not None
    both = [stalled, await place.claim()]
    found = await asyncio.gather(*(place.records.record(claim, filed()) for claim in both))
    assert sorted(one is None for one in found) == [False, True]
    assert len(await place.said()) == 1


@pytest.mark.parametrize("what", ["overwritten", "wished", "deleted", "released"])
async def test_what_was_heard_meanwhile_outdates_the_result(place: Place, what: str) -> None:
    doc = Doc(USER)
    await place.hear(doc.reserved())
    claim = await place.claim()
    await place.hear(doc.reserved(2, "f") if what == "overwritten" else getattr(doc, what)())
    before = await place.row(doc)
    assert await place.records.record(claim, filed()) is None
    assert await place.row(doc) == before
    assert not await place.said()


async def test_a_document_that_is_forgotten_altogether_is_recorded_nowhere(place: Place) -> None:
    await place.hear(Doc(USER).reserved())
    claim = await place.claim()
    await place.pool.execute("DELETE FROM documents")
    assert await place.records.record(claim, filed()) is None
    assert not await place.said()


async def test_the_time_of_what_is_said_grows_though_the_clock_was_ahead(place: Place) -> None:
    doc = Doc(USER)
    await place.hear(doc.reserved())
    await place.records.record(await place.claim(), Result(Unreadable.EMPTY))
    ahead = await place.pool.fetchval("UPDATE documents SET told_at = now() + interval '1 hour' RETURNING told_at")
    await place.hear(doc.wished())
    recorded = await place.records.record(await place.claim(), filed())
    assert recorded is not None
    assert recorded.told_at > ahead


async def test_a_failure_keeps_the_vector_of_before_and_none_of_the_topics(place: Place) -> None:
    doc, topic = Doc(USER), await place.make_topic(USER)
    await place.hear(doc.reserved())
    await place.records.record(await place.claim(), filed(topic))
    await place.hear(doc.wished())
    await place.records.record(await place.claim(), Result(Unreadable.TOO_SLOW))
    row = await place.row(doc)
    assert (row["outcome"], row["topics"], row["vector_of"], row["terms"]) == ("too_slow", "[]", RECIPE, ["tax", "pay"])
    assert [said["value"] for said in await place.said()][1].count("failed_at") == 1


async def test_a_correction_beside_a_result_always_stands_and_is_what_was_said_last(place: Place) -> None:
    by_model, by_hand = await place.make_topic(USER), await place.make_topic(USER, "Hand")
    corrections = PgCorrections(place.pool, place.outbox)
    docs = [Doc(USER) for _ in range(20)]
    for doc in docs:
        await place.hear(doc.reserved())
        claim = await place.claim()
        await asyncio.gather(
            place.records.record(claim, filed(by_model)), corrections.correct(USER, doc.document, [by_hand], TRACE)
        )
        row = await place.row(doc)
        assert (row["corrected"], row["outcome"]) == (True, "corrected")
        assert [each["topic_id"] for each in orjson.loads(row["topics"])] == [str(by_hand)]
        await place.pool.execute("UPDATE documents SET turn = NULL, due_at = NULL, leased_until = NULL")
    said = [orjson.loads(each["value"]) for each in await place.said() if each["topic"] == "classification"]
    last = {each["document_id"]: [topic["topic_id"] for topic in each["topics"]] for each in said}
    assert last == {str(doc.document): [str(by_hand)] for doc in docs}


async def test_what_was_filed_by_hand_is_said_again_and_what_was_found_in_it_stays(place: Place) -> None:
    doc, topic = Doc(USER), await place.make_topic(USER)
    await place.hear(doc.reserved())
    await place.records.record(await place.claim(), filed(topic))
    await place.pool.execute("UPDATE documents SET corrected = true")
    await place.hear(doc.reserved(2))
    again = await place.claim()
    assert again.corrected
    recorded = await place.records.record(again, Result(Filed(())))
    assert recorded is not None
    assert (recorded.outcome, [each.topic_id for each in recorded.topics]) == ("corrected", [topic])
    row = await place.row(doc)
    assert (row["media_type"], row["language"], row["mismatch"]) == ("text/markdown", "en", True)
    assert row["vector"] == VECTOR.tobytes()


async def test_an_owner_has_live_topics_with_the_newest_examples_of_this_recipe(place: Place) -> None:
    topic, old, gone = [await place.make_topic(USER, name) for name in ("Tax", "Old", "Gone")]
    await place.pool.execute("UPDATE topics SET deleted_at = now() WHERE id = $1", gone)
    await place.pool.execute("UPDATE topics SET vector = '\\x00', vector_of = 'another' WHERE id = $1", old)
    docs = [Doc(USER) for _ in range(3)]
    await place.hear(*(doc.reserved() for doc in docs))
    for doc in docs:
        await place.pool.execute("INSERT INTO examples VALUES ($1, $2, $3, now())", topic, doc.document, USER)
    for recipe, doc in zip([RECIPE, "another"], docs, strict=False):
        await place.pool.execute(
            "UPDATE documents SET vector = $2, vector_of = $3 WHERE document_id = $1",
            doc.document, VECTOR.tobytes(), recipe,
        )  # fmt: skip
    owner = await place.owners.owner(USER, WISHES)
    assert [(one.id, one.vector) for one in owner.topics] == [(topic, None), (old, None)]
    assert [example.document_id for example in owner.topics[0].examples] == [docs[0].document]
    assert np.array_equal(owner.topics[0].examples[0].vector, VECTOR)


async def test_the_vector_of_a_topic_is_kept_unless_the_topic_has_changed(place: Place) -> None:
    await place.make_topic(USER)
    changed = await place.make_topic(USER, "Changed")
    owner = await place.owners.owner(USER, WISHES)
    await place.pool.execute("UPDATE topics SET revision = 2 WHERE id = $1", changed)
    await place.owners.keep_vectors([Made(topic.id, topic.revision, VECTOR) for topic in owner.topics])
    kept = (await place.owners.owner(USER, WISHES)).topics
    assert [one.vector is not None for one in kept] == [True, False]
