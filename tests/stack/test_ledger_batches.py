"""What PostgreSQL keeps of a batch, what a replay finds of it, and what it costs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from services.chassis.delivery import Delivery
from services.chassis.outbox import Outbox
from services.quota.model import Absent, Account, Decided, Deleted, Fact, Observed, Registered, Reservation, Settlement
from services.quota.settle import settle
from services.quota.store import PgLedger
from tests.stack.quota_ledger import Replica, deleted, delivery, messages, observed, open_ledgers, states


@pytest.fixture
async def replica(stack: Any) -> AsyncIterator[Replica]:
    async with open_ledgers(stack.info.databases["quota"], 1) as found:
        yield found[0]


async def test_a_replayed_batch_says_the_same_again_and_charges_nothing(replica: Replica) -> None:
    user = await replica.account(limit=100)
    first = observed(user, 60)
    reuse = observed(user, 70, "b", at=200, like=first)
    batch = [delivery(fact) for fact in (first, observed(user, 60), reuse, deleted(first))]
    said = await replica.settle(batch)
    assert states(said) == ["reserved", "rejected", "reserved", "released"]
    assert messages(await replica.settle(batch)) == messages(said)
    assert [each for one in batch for each in await replica.settle([one])] == list(said)
    assert await replica.used(user) == 0


async def test_a_decision_said_again_tells_when_its_bytes_were_seen_last(replica: Replica) -> None:
    user = await replica.account(limit=100)
    first = observed(user, 60)
    batch = [delivery(fact) for fact in (first, replace(first, observed_ns=first.observed_ns + 1))]
    said = await replica.settle(batch)
    again = await replica.settle(batch)
    assert messages(again) == messages(said)
    assert [each.decision.observed_ns for each in again] == [first.observed_ns + 1]


async def test_a_question_that_decides_nothing_is_answered_and_leaves_no_trace(replica: Replica) -> None:
    user = await replica.account(limit=100)
    first = observed(user, 60)
    said = await replica.settle([delivery(first)])
    before = await replica.value("SELECT (r.xmin, r.*)::text FROM reservations AS r WHERE user_id = $1", user)
    looks: list[Fact] = [replace(first, asked=True), absent(first, at=first.observed_ns), absent(observed(user, 1))]
    assert await replica.settle([delivery(look) for look in looks]) == (*said, *said)
    assert await replica.value("SELECT (r.xmin, r.*)::text FROM reservations AS r WHERE user_id = $1", user) == before


async def test_a_look_at_what_is_gone_releases_it_and_a_second_look_says_so_again(replica: Replica) -> None:
    user = await replica.account(limit=100)
    first = observed(user, 60)
    said = await replica.settle([delivery(fact) for fact in (first, absent(first))])
    assert states(said) == ["reserved", "released"]
    assert await replica.settle([delivery(absent(first, at=999))]) == said[1:]
    assert await replica.used(user) == 0


async def test_bytes_that_a_batch_gives_back_it_may_reserve_at_once(replica: Replica) -> None:
    user = await replica.account(limit=100)
    first = observed(user, 100)
    await replica.settle([delivery(first)])
    said = await replica.settle([delivery(deleted(first)), delivery(observed(user, 100))])
    assert states(said) == ["released", "reserved"]
    assert await replica.used(user) == 100


async def test_a_limit_below_what_is_used_refuses_new_bytes_and_takes_none_back(replica: Replica) -> None:
    user = await replica.account(limit=100)
    first = observed(user, 80)
    await replica.settle([delivery(first)])
    assert await replica.accounts.set_limit(user, 50) == Account(80, 50)
    assert states(await replica.settle([delivery(observed(user, 1))])) == ["rejected"]
    assert states(await replica.settle([delivery(observed(user, 70, "b", at=200, like=first))])) == ["reserved"]
    assert await replica.used(user) == 70


async def test_a_user_without_an_account_is_refused_until_registered(replica: Replica) -> None:
    user = uuid4()
    early, late = delivery(observed(user, 1)), delivery(observed(user, 2))
    said = await replica.settle([early, delivery(Registered(user, 10)), late])
    assert [(each.decision.state, each.decision.limit_bytes) for each in said] == [("rejected", 0), ("reserved", 10)]
    assert await replica.used(user) == 2


async def test_the_largest_size_there_is_is_refused_and_breaks_nothing(replica: Replica) -> None:
    user = await replica.account(limit=2**63 - 1)
    batch = [delivery(observed(user, 2**63 - 1)), delivery(observed(user, 2**63 - 1))]
    assert states(await replica.settle(batch)) == ["reserved", "rejected"]
    assert await replica.used(user) == 2**63 - 1


async def test_a_batch_of_hundreds_takes_as_many_statements_as_a_batch_of_two(replica: Replica) -> None:
    statements: list[str] = []

    user = await replica.account(limit=10**9)
    async with replica.pool.acquire() as connection:
        with connection.query_logger(lambda query: statements.append(query.query)):
            costs = [
                await cost(PgLedger(cast("Any", OneConnection(connection)), Outbox()), statements, user, size)
                for size in (1, 2, 400)  # the first asks for the types of the columns, once a connection
            ]
    assert costs[1] == costs[2] <= 10


class OneConnection:
    """A pool of one connection that is never given back."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def acquire(self) -> OneConnection:
        return self

    async def __aenter__(self) -> Any:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        return None


async def cost(ledger: PgLedger, statements: list[str], user: UUID, size: int) -> int:
    """How many statements a batch takes that reserves, reuses and releases `size` keys each."""
    first = [observed(user, 10) for _ in range(size)]
    await ledger.settle([delivery(fact) for fact in first])
    statements.clear()
    reuse = [observed(user, 9, "b", at=200, like=fact) for fact in first]
    batch: list[Fact] = [*reuse, *map(deleted, first), *(observed(user, 1) for _ in range(size))]
    await ledger.settle([delivery(fact) for fact in batch])
    return len(statements)


def absent(like: Observed, at: int = 200) -> Absent:
    """Somebody looked, and asks."""
    return Absent(like.object_key, like.document_id, like.user_id, at, asked=True)


def history(random: Random, users: list[UUID]) -> list[Delivery[Fact]]:
    """Anything that may happen to a few keys of a few users."""
    keys = [observed(user, 0) for user in users for _ in range(4)]
    return [delivery(happening(random, random.choice(keys))) for _ in range(120)]


def happening(random: Random, key: Observed) -> Fact:
    kind, at = random.random(), random.randrange(6)
    if kind < 0.7:
        return observed(key.user_id, random.randrange(60), random.choice("abc"), at, key)
    if kind < 0.8:
        return Absent(key.object_key, key.document_id, key.user_id, at)
    if kind < 0.87:
        return Deleted(key.object_key, key.document_id, key.user_id)
    return Registered(key.user_id, random.randrange(200))


@pytest.mark.parametrize("seed", range(12))
async def test_the_database_ends_where_the_rules_end_and_says_the_same(replica: Replica, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - a history, not a secret
    users = [uuid4() for _ in range(3)]
    batch = history(random, users)
    said: list[Decided] = []
    rest = batch
    while rest:
        size = random.randrange(1, 30)
        said += await replica.settle(rest[:size])
        rest = rest[size:]
    model = settle({}, {}, [], batch, said[0].decision.decided_at)
    assert [outline(each.decision) for each in said] == [outline(each.decision) for each in model.decided]
    assert [await replica.used(user) for user in users] == [held(model, user) for user in users]
    assert messages(await replica.settle(batch)) == messages(said)


def held(model: Settlement, user: UUID) -> int:
    return sum(write.row.size_bytes for write in model.writes if write.row.user_id == user)


def outline(row: Reservation) -> tuple[object, ...]:
    return (row.object_key, row.version, row.state, row.size_bytes, row.used_bytes, row.reason, row.origin)
