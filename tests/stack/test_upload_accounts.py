"""The copy of the ledger's accounts in a real PostgreSQL: the newest word stays, in whatever order it comes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest
from docuvault_contracts.events import Classified, LimitChanged

from services.upload.accounts import Account
from services.upload.document import Status
from tests.stack.upload_replicas import LIMIT, Replica, about, new_document, rejected, reserved

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return THEN + timedelta(seconds=seconds)


def limit(user: UUID, bytes_: int, when: datetime) -> LimitChanged:
    return LimitChanged(user_id=user, limit_bytes=bytes_, used_bytes=0, changed_at=when)


async def test_nobody_has_heard_of_a_user_the_ledger_never_spoke_of(replica: Replica) -> None:
    assert await replica.accounts.find(uuid4()) is None


async def test_a_decision_tells_how_full_its_owners_account_is(replica: Replica) -> None:
    document = await replica.make()
    await replica.hear(reserved(document, size=70, decided_at=at(1)))
    assert await replica.accounts.find(document.user_id) == Account(70, LIMIT, at(1))
    assert (await replica.row(document)).status is Status.UPLOADED


async def test_a_changed_limit_is_known_without_any_document(replica: Replica) -> None:
    user = uuid4()
    await replica.hear(limit(user, 500, at(1)))
    assert await replica.accounts.find(user) == Account(0, 500, at(1), at(1))


async def test_a_decision_about_a_document_that_is_not_there_tells_of_the_account(replica: Replica) -> None:
    unknown = new_document(uuid4())
    await replica.hear(rejected(unknown, decided_at=at(1)))
    assert await replica.accounts.find(unknown.user_id) == Account(0, LIMIT, at(1))


async def test_a_verdict_of_the_classifier_tells_nothing_of_an_account(replica: Replica) -> None:
    document = await replica.make()
    await replica.hear(Classified(**about(document), version=1, topics=(), classified_at=THEN))
    assert await replica.accounts.find(document.user_id) is None


async def test_the_newest_word_stays_in_whatever_batches_and_order_they_come(replica: Replica) -> None:
    random = Random(5)  # noqa: S311 - a seed, no secret
    for _ in range(20):
        user = uuid4()
        words = [limit(user, 100 + each, at(each)) for each in range(12)]
        random.shuffle(words)
        cut = random.randrange(len(words))
        await replica.hear(*words[:cut])
        await replica.hear(*words[cut:])
        assert await replica.accounts.find(user) == Account(0, 111, at(11), at(11))


async def test_who_sets_a_limit_has_the_last_word_on_it_whatever_the_clocks_of_decisions_say(replica: Replica) -> None:
    for order in permutations(range(4)):
        document = await replica.make()
        words = [
            rejected(document, used_bytes=0, limit_bytes=0, decided_at=at(9)),  # nobody had opened the account yet
            limit(document.user_id, 50, at(1)),
            limit(document.user_id, 60, at(2)),
            reserved(document, 2, size=7, limit_bytes=50, decided_at=at(10)),
        ]
        for place in order:
            await replica.hear(words[place])
        assert await replica.accounts.find(document.user_id) == Account(7, 60, at(10), at(2))


async def test_a_batch_handled_again_leaves_the_copy_untouched(replica: Replica) -> None:
    user = uuid4()
    batch = (limit(user, 5, at(1)), limit(user, 6, at(2)))
    await replica.hear(*batch)
    before = await replica.pool.fetch("SELECT ctid, * FROM accounts")
    await replica.hear(*batch)
    assert await replica.pool.fetch("SELECT ctid, * FROM accounts") == before
    assert await replica.accounts.learn({user: Account(9, 9, at(2))}) == []
    assert await replica.accounts.learn({user: Account(9, 9, at(3))}) == [user]


async def test_replicas_that_hear_of_the_same_accounts_never_wait_in_a_circle(replicas: list[Replica]) -> None:
    users = [uuid4() for _ in range(60)]
    random = Random(3)  # noqa: S311 - as above
    batches = [[limit(user, turn, at(turn)) for user in random.sample(users, 60)] for turn in range(1, 31)]
    random.shuffle(batches)
    async with asyncio.timeout(30):
        await asyncio.gather(*(replicas[turn % 2].hear(*batch) for turn, batch in enumerate(batches)))
    assert {await replicas[0].accounts.find(user) for user in users} == {Account(0, 30, at(30), at(30))}


@pytest.mark.parametrize("change", ["used_bytes = -1", "limit_bytes = -1", "told_at = NULL"])
async def test_what_no_account_can_be_is_not_stored(replica: Replica, change: str) -> None:
    await replica.hear(limit(uuid4(), 5, at(1)))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await replica.pool.execute(f"UPDATE accounts SET {change}")  # noqa: S608 - the example above
