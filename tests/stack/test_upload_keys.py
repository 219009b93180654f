"""Idempotency keys in a real PostgreSQL: who comes first makes it, all others wait for that and make nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import pytest
from docuvault_contracts.cloudevents import Message
from msgspec import structs

from services.upload.document import Document
from services.upload.idempotency import Claim, Kept
from services.upload.messages import upload_requested
from tests.stack.upload_replicas import TRACE, Replica, new_document

DAY = 86_400.0


def claim(user: UUID, key: str = "k") -> Claim:
    return Claim(user, key, b"1" * 32)


async def create(replica: Replica, mine: Claim, *documents: Document) -> bool:
    kept = Kept(mine.fingerprint, {place: each.id for place, each in enumerate(documents)}, {})
    said = [(each, upload_requested(each, TRACE)) for each in documents]
    return await replica.documents.create_claimed(said, mine, kept)


async def stored(replica: Replica) -> set[UUID]:
    return {row["id"] for row in await replica.pool.fetch("SELECT id FROM documents")}


async def test_documents_are_made_with_their_key_their_events_and_their_declared_sizes(replica: Replica) -> None:
    user = uuid4()
    made = [structs.replace(new_document(user), declared_bytes=size) for size in (None, 0, 2**63 - 1)]
    assert await create(replica, claim(user), *made)
    assert [await replica.row(each) for each in made] == made
    assert await replica.outbox_types() == ["upload.requested"] * 3
    kept = await replica.keys.find(user, "k")
    assert kept == Kept(b"1" * 32, {place: each.id for place, each in enumerate(made)}, {})
    found = await replica.documents.find_all(user, [each.id for each in made])
    assert sorted(found, key=lambda each: each.id) == sorted(made, key=lambda each: each.id)
    assert await replica.documents.find_all(uuid4(), [each.id for each in made]) == []


async def test_a_key_that_is_taken_makes_nothing(replica: Replica) -> None:
    user, first, second = uuid4(), new_document(UUID(int=1)), new_document(UUID(int=1))
    assert await create(replica, claim(user), first)
    assert not await create(replica, replace(claim(user), fingerprint=b"2" * 32), second)
    assert await stored(replica) == {first.id}
    assert await replica.outbox_types() == ["upload.requested"]


async def test_keys_of_two_users_are_two_keys(replica: Replica) -> None:
    one, other = uuid4(), uuid4()
    assert await create(replica, claim(one), new_document(one))
    assert await create(replica, claim(other), new_document(other))
    assert await replica.keys.find(uuid4(), "k") is None


async def test_of_many_at_once_on_two_replicas_one_makes_it(replicas: list[Replica]) -> None:
    for _ in range(10):
        user = uuid4()
        documents = [new_document(user) for _ in range(12)]
        done = await asyncio.gather(
            *(create(replicas[place % 2], claim(user), each) for place, each in enumerate(documents))
        )
        assert done.count(True) == 1
        kept = await replicas[0].keys.find(user, "k")
        assert kept is not None
        assert list(kept.made.values()) == [documents[done.index(True)].id]


async def test_who_comes_second_waits_for_the_first_and_makes_it_where_that_fails(replicas: list[Replica]) -> None:
    user, late = uuid4(), new_document(UUID(int=2))
    async with replicas[0].pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO idempotency_keys (user_id, key, fingerprint, answer) VALUES ($1, 'k', $2, '{}')",
            user,
            b"1" * 32,
        )
        second = asyncio.create_task(create(replicas[1], claim(user), late))
        await waiting(replicas[0])
        assert not second.done()
        await transaction.rollback()
    assert await second
    assert await stored(replicas[0]) == {late.id}


async def waiting(replica: Replica) -> None:
    """Returns once somebody waits for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await replica.pool.fetchval(asked):  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.01)


async def test_documents_of_which_one_cannot_be_stored_are_not_stored_and_leave_the_key_free(replica: Replica) -> None:
    user = uuid4()
    good, bad = new_document(user), new_document(user, "x" * 1025)
    for attempt in (create(replica, claim(user), good, bad), replica.documents.create_all(said(good, bad))):
        with pytest.raises(asyncpg.CheckViolationError):
            await attempt
    assert (await stored(replica), await replica.outbox_types()) == (set(), [])
    assert await replica.keys.find(user, "k") is None


def said(*documents: Document) -> list[tuple[Document, Message]]:
    return [(each, upload_requested(each, TRACE)) for each in documents]


async def test_keys_are_free_again_after_their_time_oldest_first(replica: Replica) -> None:
    user = uuid4()
    for place in range(5):
        assert await create(replica, claim(user, f"k{place}"), new_document(user))
    await replica.pool.execute(
        "UPDATE idempotency_keys SET claimed_at = now() - make_interval(secs => $1 + 10 - right(key, 1)::int)"
        " WHERE key < 'k3'",
        DAY,
    )
    assert [await replica.keys.expire(DAY, 2) for _ in range(3)] == [2, 1, 0]
    assert [row["key"] for row in await replica.pool.fetch("SELECT key FROM idempotency_keys ORDER BY key")] == [
        "k3",
        "k4",
    ]
    assert len(await stored(replica)) == 5


@pytest.mark.parametrize("key", ["", "a" * 256, "ä", "a\nb", "\x7f"])
async def test_what_is_no_key_is_not_stored(replica: Replica, key: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await create(replica, claim(uuid4(), key), new_document(uuid4()))


async def test_a_negative_size_is_not_stored(replica: Replica) -> None:
    document = structs.replace(new_document(uuid4()), declared_bytes=-1)
    with pytest.raises(asyncpg.CheckViolationError):
        await replica.documents.create(document, upload_requested(document, TRACE))
