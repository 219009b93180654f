"""Replicas of the ledger that decide at the same time, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from services.chassis.delivery import Delivery, Origin
from services.quota.model import Fact, Registered
from tests.stack.quota_ledger import Replica, delivery, observed, open_ledgers, states

REPLICAS = 4


@pytest.fixture
async def replicas(stack: Any) -> AsyncIterator[list[Replica]]:
    async with open_ledgers(stack.info.databases["quota"], REPLICAS) as found:
        yield found


@pytest.mark.parametrize(("rivals", "fit"), [(2, 1), (40, 7), (64, 1)])
async def test_of_many_observations_for_the_last_bytes_exactly_as_many_are_reserved_as_fit(
    replicas: list[Replica], rivals: int, fit: int
) -> None:
    user = await replicas[0].account(limit=fit * 1000 + 999)
    found = await asyncio.gather(
        *(replicas[n % REPLICAS].settle([delivery(observed(user, 1000))]) for n in range(rivals))
    )
    assert Counter(state for decided in found for state in states(decided)) == +Counter(
        reserved=fit, rejected=rivals - fit
    )
    assert await replicas[0].used(user) == fit * 1000


async def test_batches_that_share_users_in_every_order_never_block_each_other_for_good(
    replicas: list[Replica],
) -> None:
    users = [await replicas[0].account(limit=10_000) for _ in range(20)]
    batches = [[delivery(observed(user, 100)) for user in (users if n % 2 else reversed(users))] for n in range(40)]
    async with asyncio.timeout(30):
        await asyncio.gather(*(replicas[n % REPLICAS].ledger.settle(batch) for n, batch in enumerate(batches)))
    assert [await replicas[0].used(user) for user in users] == [4000] * 20


async def test_two_replicas_that_hear_of_the_same_objects_from_different_records_decide_each_once(
    replicas: list[Replica],
) -> None:
    user = await replicas[0].account(limit=10_000)
    facts = [observed(user, 10) for _ in range(50)]
    heard = [[delivery(fact, topic) for fact in facts] for topic in ("storage.events", "documents", "storage.janitor")]
    found = await asyncio.gather(*(r.settle(batch) for r, batch in zip(replicas, heard, strict=False)))
    assert sorted(len(decided) for decided in found) == [0, 0, 50]
    assert await replicas[0].used(user) == 500
    assert await replicas[0].value("SELECT max(version) FROM reservations WHERE user_id = $1", user) == 1


async def test_the_same_record_in_two_replicas_is_one_decision_said_twice(replicas: list[Replica]) -> None:
    user = await replicas[0].account(limit=100)
    batch = [delivery(observed(user, 60)), delivery(observed(user, 60))]
    found = await asyncio.gather(*(replica.settle(batch) for replica in replicas))
    assert all(decided == found[0] for decided in found)
    assert states(found[0]) == ["reserved", "rejected"]
    assert await replicas[0].used(user) == 60


async def test_without_an_account_to_lock_replicas_still_never_make_the_same_version_twice(
    replicas: list[Replica],
) -> None:
    first = observed(uuid4(), 10, "etag-0")
    rivals = [observed(first.user_id, 10, f"etag-{n}", like=first) for n in range(32)]
    found = await asyncio.gather(*(replicas[n % REPLICAS].settle([delivery(fact)]) for n, fact in enumerate(rivals)))
    versions = sorted(each.decision.version for decided in found for each in decided)
    assert versions == list(range(1, 33))
    kept = "SELECT count(*) FROM superseded WHERE object_key = $1"
    assert await replicas[0].value(kept, first.object_key) == 31


async def test_a_user_registered_by_all_replicas_at_once_has_one_account(replicas: list[Replica]) -> None:
    user = uuid4()
    await asyncio.gather(*(r.settle([delivery(Registered(user, n))]) for n, r in enumerate(replicas, 1)))
    account = await replicas[0].accounts.get(user)
    assert account is not None
    assert account.limit_bytes in range(1, REPLICAS + 1)
    assert await replicas[0].value("SELECT version FROM accounts WHERE user_id = $1", user) == 1


async def test_users_registered_by_all_replicas_at_once_in_any_order_are_opened_without_a_circle(
    replicas: list[Replica],
) -> None:
    """Who is second is told so; a deadlock, which says the same a second later, is not how."""
    for number in range(10):
        users = [uuid4() for _ in range(50)]
        orders = [users, users[::-1], sorted(users), users[number:] + users[:number]]
        batches = [[delivery(Registered(user, 1)) for user in order] for order in orders]
        found = await asyncio.gather(
            *(r.ledger.settle(batch) for r, batch in zip(replicas, batches, strict=True)), return_exceptions=True
        )
        assert [str(each) for each in found if "eadlock" in str(each)] == []


async def test_a_registration_and_the_first_upload_of_its_user_may_meet_in_any_way(replicas: list[Replica]) -> None:
    for _ in range(10):
        fact = observed(uuid4(), 10)
        registration: Delivery[Fact] = delivery(Registered(fact.user_id, 100))
        _, decided, again = await asyncio.gather(
            replicas[0].settle([registration]),
            replicas[1].settle([delivery(fact)]),
            replicas[2].settle([delivery(fact, "documents")]),
        )
        assert len(states(decided) + states(again)) == 1
        assert await replicas[0].used(fact.user_id) in {0, 10}


async def test_limits_set_while_batches_are_settled_lose_nothing(replicas: list[Replica]) -> None:
    user = await replicas[0].account(limit=0)
    found, _ = await asyncio.gather(
        asyncio.gather(*(replicas[n % 3].settle([delivery(observed(user, 10))]) for n in range(60))),
        asyncio.gather(*(replicas[3].accounts.set_limit(user, n * 10) for n in range(60))),
    )
    reserved = sum(states(decided).count("reserved") for decided in found)
    assert await replicas[0].used(user) == reserved * 10


async def test_a_batch_that_fails_leaves_nothing_and_can_be_settled_again(replicas: list[Replica]) -> None:
    user = await replicas[0].account(limit=100)
    good, bad = delivery(observed(user, 10)), Delivery(observed(user, 10), Origin("", 0, 0))
    with pytest.raises(Exception, match="origin_is_a_record"):
        await replicas[0].settle([good, bad])
    assert await replicas[0].used(user) == 0
    assert states(await replicas[0].settle([good])) == ["reserved"]
