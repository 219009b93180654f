"""The line of documents that wait, on a real PostgreSQL: whose turn it is, and that nobody has it twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.classifier.decide import Fact
from services.classifier.model import Claim
from tests.stack.classifier_place import Doc, Place, open_place

A, B = uuid4(), uuid4()


@pytest.fixture
async def place(stack: Any) -> AsyncIterator[Place]:
    async with open_place(stack) as found:
        yield found


async def claims(place: Place, count: int) -> list[Claim]:
    """So many of them, one after the other, each of which is done with before the next."""
    found = []
    for _ in range(count):
        claim = await place.claim()
        await place.line().leave(claim)
        found.append(claim)
    return found


async def put(place: Place, user: UUID, count: int) -> list[Doc]:
    docs = [Doc(user) for _ in range(count)]
    for start in range(0, count, 1000):
        await place.hear(*(doc.reserved() for doc in docs[start : start + 1000]))
    return docs


async def test_documents_of_one_user_come_in_the_order_in_which_they_were_heard_of(place: Place) -> None:
    docs = await put(place, A, 5)
    assert [claim.document_id for claim in await claims(place, 5)] == [doc.document for doc in docs]
    assert await place.line().claim(()) is None


async def test_a_user_with_10_000_documents_in_line_does_not_hold_another_up(place: Place) -> None:
    await put(place, A, 10_000)
    await claims(place, 20)
    (other,) = await put(place, B, 1)
    assert other.document in [claim.document_id for claim in await claims(place, 3)]


async def test_users_who_have_many_take_turns(place: Place) -> None:
    await put(place, A, 40)
    await claims(place, 10)
    await put(place, B, 20)
    assert {*Counter(claim.user_id for claim in await claims(place, 20)).values()} <= {9, 10, 11}


async def test_who_comes_while_all_in_line_are_being_worked_on_comes_after_them_and_not_before(place: Place) -> None:
    await put(place, A, 3)
    under_way = [await place.claim() for _ in range(3)]
    (doc,) = await put(place, B, 1)
    turns = [row["turn"] for row in await place.pool.fetch("SELECT turn FROM documents WHERE user_id = $1", A)]
    assert (await place.row(doc))["turn"] == max(turns)
    assert (await place.claim()).document_id == doc.document
    assert len(under_way) == 3


async def test_users_who_have_enough_under_way_are_passed_over(place: Place) -> None:
    await put(place, A, 2)
    (doc,) = await put(place, B, 1)
    assert (await place.claim([A])).document_id == doc.document
    assert await place.line().claim([A, B]) is None


async def test_two_replicas_never_claim_one_document_both(place: Place) -> None:
    docs = await put(place, A, 60)

    async def work() -> list[UUID]:
        found, line = [], place.line()
        while claim := await line.claim(()):
            found.append(claim.document_id)
        return found

    claimed = [each for found in await asyncio.gather(*(work() for _ in range(6))) for each in found]
    assert sorted(claimed) == sorted(doc.document for doc in docs)


async def test_what_is_claimed_waits_for_its_lease_and_comes_again_after_it(place: Place) -> None:
    (doc,) = await put(place, A, 1)
    claim = await place.line(lease_seconds=0).claim(())
    assert claim is not None
    assert claim.attempts == 1
    again = await place.claim()
    assert (again.document_id, again.attempts) == (doc.document, 2)
    assert await place.line().claim(()) is None


async def test_a_document_over_which_a_service_died_again_waits_longer_before_it_is_claimed(place: Place) -> None:
    await put(place, A, 1)
    first = await place.line(lease_seconds=0).claim(())
    second = await place.line(lease_seconds=1000).claim(())
    assert first
    assert second
    await place.pool.execute("UPDATE documents SET leased_until = statement_timestamp()")
    assert await place.line(lease_seconds=1000).claim(()) is None
    third = await place.line(lease_seconds=0).claim(())
    assert third
    assert [each.attempts for each in (first, second, third)] == [1, 2, 3]


async def test_a_lease_that_is_renewed_does_not_run_out(place: Place) -> None:
    await put(place, A, 1)
    claim = await place.line(lease_seconds=0).claim(())
    assert claim is not None
    await place.line().renew([claim])
    assert await place.line().claim(()) is None


async def test_who_was_away_for_longer_than_the_lease_renews_nothing_and_gives_nothing_back(place: Place) -> None:
    (doc,) = await put(place, A, 1)
    stalled = await place.line(lease_seconds=0).claim(())
    assert stalled is not None
    await place.claim()
    before = await place.row(doc)
    await place.line(lease_seconds=0).renew([stalled])
    await place.line().give_back(stalled, 0, counted=False)
    assert await place.row(doc) == before


async def test_what_is_given_back_keeps_its_place_and_only_what_it_is_to_blame_for_counts(place: Place) -> None:
    first, _ = await put(place, A, 2)
    turn = (await place.row(first))["turn"]
    await place.line().give_back(await place.claim(), 0, counted=False)
    assert ((await place.row(first))["attempts"], (await place.row(first))["turn"]) == (0, turn)
    claim = await place.claim()
    assert claim.document_id == first.document
    await place.line().give_back(claim, 0, counted=True)
    assert (await place.row(first))["attempts"] == 1


async def test_what_is_to_wait_is_not_claimed_before_its_time(place: Place) -> None:
    first, second = await put(place, A, 2)
    await place.line().give_back(await place.claim(), 60, counted=False)
    assert (await place.claim()).document_id == second.document
    assert await place.line().claim(()) is None
    assert (await place.row(first))["turn"] is not None


async def test_a_wish_for_what_is_being_worked_on_puts_it_in_line_at_once_and_outdates_the_work(place: Place) -> None:
    (doc,) = await put(place, A, 1)
    before = await place.claim()
    await place.hear(doc.wished())
    after = await place.claim()
    assert (after.document_id, after.round, after.attempts) == (doc.document, before.round + 1, 1)
    await place.line().leave(before)
    assert (await place.row(doc))["turn"] is not None


@pytest.mark.parametrize("fact", ["released", "deleted"])
async def test_what_goes_leaves_the_line_and_nothing_is_kept_of_it(place: Place, fact: str) -> None:
    doc, topic = Doc(A), await place.make_topic(A)
    await place.hear(doc.reserved())
    await place.pool.execute("UPDATE documents SET vector = 'x', vector_of = 'y', corrected = true, terms = '{z}'")
    await place.pool.execute("INSERT INTO examples VALUES ($1, $2, $3, now())", topic, doc.document, A)
    await place.hear(getattr(doc, fact)())
    row = await place.row(doc)
    assert (row["turn"], row["due_at"], row["etag"], row["vector"], row["corrected"]) == (None, None, None, None, False)
    assert row["terms"] == []
    assert await place.pool.fetchval("SELECT count(*) FROM examples") == 0
    assert await place.line().claim(()) is None


async def test_a_batch_that_comes_again_changes_nothing(place: Place) -> None:
    docs = [Doc(A) for _ in range(3)]
    batch: list[Fact] = [
        docs[0].reserved(),
        docs[1].reserved(),
        docs[1].wished(),
        docs[2].reserved(),
        docs[2].deleted(),
    ]
    await place.hear(*batch)
    before = await place.pool.fetch("SELECT * FROM documents ORDER BY document_id")
    await place.hear(*batch)
    assert await place.pool.fetch("SELECT * FROM documents ORDER BY document_id") == before


async def test_two_replicas_that_hear_the_same_at_once_put_it_in_line_once(place: Place) -> None:
    docs = [Doc(A) for _ in range(50)]
    await asyncio.gather(
        place.hear(*(doc.reserved() for doc in docs)), place.hear(*(doc.wished() for doc in reversed(docs)))
    )
    assert len(await claims(place, 50)) == 50
    assert await place.line().claim(()) is None


async def test_what_names_a_documents_id_under_another_key_is_left_out(place: Place) -> None:
    doc = Doc(A)
    await place.hear(doc.reserved())
    before = await place.row(doc)
    await place.hear(doc.reserved(9).model_copy(update={"object_key": str(uuid4())}))
    assert await place.row(doc) == before


async def test_a_ring_is_heard_by_who_listened_before_the_commit(place: Place) -> None:
    rung = place.bell.next
    await place.hear(Doc(A).reserved())
    assert rung.is_set()
    assert not place.bell.next.is_set()


async def test_what_went_long_ago_is_forgotten_and_what_is_stored_is_not(place: Place) -> None:
    stored, gone, unheard = Doc(A), Doc(A), Doc(A)
    await place.hear(stored.reserved(), gone.reserved(), gone.deleted(), unheard.wished())
    assert await place.documents.expire(3600, 10) == 0
    assert await place.documents.expire(0, 1) == 1
    assert await place.documents.expire(0, 10) == 1
    assert await place.pool.fetchval("SELECT document_id FROM documents") == stored.document
