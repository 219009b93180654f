"""A rival transaction held open at the worst moment, and rules that go wrong: the database has the last word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.chassis.delivery import Delivery
from services.chassis.errors import Transient
from services.chassis.postgres import load_sql
from services.quota import decide, store
from services.quota.model import Absent, Account, Decided, Fact, Registered
from tests.stack.quota_ledger import Replica, delivery, observed, open_ledgers, states

SQL = load_sql("services.quota")


@pytest.fixture
async def replica(stack: Any) -> AsyncIterator[Replica]:
    async with open_ledgers(stack.info.databases["quota"], 1) as found:
        yield found[0]


async def outcome_behind(
    replica: Replica, rival: str, argument: object, batch: Sequence[Delivery[Fact]]
) -> BaseException | Sequence[Decided]:
    """What becomes of a batch that waits for an uncommitted statement of a rival, once that commits."""
    async with replica.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(rival, argument)
        waiting = asyncio.ensure_future(replica.ledger.settle(batch))
        await blocked_by(replica, await connection.fetchval("SELECT pg_backend_pid()"))
        await transaction.commit()
    return (await asyncio.gather(waiting, return_exceptions=True))[0]


async def blocked_by(replica: Replica, pid: int) -> None:
    """Returns once another backend waits for `pid`."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"
    async with asyncio.timeout(10):
        while not await replica.value(sql, pid):  # noqa: ASYNC110 - the database sets no event of ours
            await asyncio.sleep(0.01)


async def test_accounts_are_locked_from_the_lowest_id_up_however_the_table_is_read(replica: Replica) -> None:
    """A circle of waiting batches is a matter of luck; the order that rules it out is not."""
    users = sorted([await replica.account(limit=1) for _ in range(20)])
    free = "SELECT user_id FROM accounts WHERE user_id = ANY ($1) ORDER BY user_id FOR UPDATE SKIP LOCKED"
    async with replica.pool.acquire() as rival, rival.transaction(), replica.pool.acquire() as other:
        await rival.fetch(SQL["lock_accounts"], [users[7]])
        waiting = asyncio.ensure_future(_lock_as_they_lie(replica, users))
        await blocked_by(replica, await rival.fetchval("SELECT pg_backend_pid()"))
        assert [row["user_id"] for row in await other.fetch(free, users)] == users[8:]
    assert await waiting == users


async def _lock_as_they_lie(replica: Replica, users: list[UUID]) -> list[UUID]:
    """Locks accounts, in the order of the table itself where the statement asks for no other one."""
    async with replica.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
        return [row["user_id"] for row in await connection.fetch(SQL["lock_accounts"], users)]


async def test_a_version_that_a_rival_makes_meanwhile_is_not_made_again(replica: Replica) -> None:
    first = observed(uuid4(), 10)
    await replica.settle([delivery(first)])
    rival = "UPDATE reservations SET version = 2 WHERE object_key = $1"
    batch = [delivery(observed(first.user_id, 10, "b", at=200, like=first))]
    assert isinstance(await outcome_behind(replica, rival, first.object_key, batch), Transient)
    assert [each.decision.version for each in await replica.settle(batch)] == [3]


async def test_an_account_that_a_rival_opens_meanwhile_stays_as_the_rival_opened_it(replica: Replica) -> None:
    user = uuid4()
    rival = "INSERT INTO accounts (user_id, limit_bytes) VALUES ($1, 5)"
    batch = [delivery(Registered(user, 100)), delivery(observed(user, 50))]
    assert isinstance(await outcome_behind(replica, rival, user, batch), Transient)
    assert states(await replica.settle(batch)) == ["rejected"]
    assert await replica.accounts.get(user) == Account(0, 5)


async def test_an_account_that_a_rival_opens_and_charges_meanwhile_is_not_taken_for_none(replica: Replica) -> None:
    """Found by `make prove`: the batch waits for one user's account while a rival registers another and reserves."""
    known, stranger = await replica.account(limit=100), uuid4()
    first = observed(stranger, 10)
    batch = [delivery(observed(known, 1)), delivery(Absent(first.object_key, first.document_id, stranger, 200))]
    async with replica.pool.acquire() as connection, connection.transaction():
        await connection.fetch(SQL["lock_accounts"], [known])
        waiting = asyncio.ensure_future(replica.ledger.settle(batch))
        await blocked_by(replica, await connection.fetchval("SELECT pg_backend_pid()"))
        await replica.settle([delivery(Registered(stranger, 100)), delivery(first)])
    with pytest.raises(Transient):
        await waiting
    assert states(await replica.settle(batch)) == ["reserved", "released"]
    assert (await replica.used(stranger), await replica.accounts.get(stranger)) == (0, Account(0, 100))


async def test_a_charge_that_a_rival_leaves_no_room_for_is_refused(replica: Replica) -> None:
    user = await replica.account(limit=100)
    rival = "UPDATE accounts SET limit_bytes = 9, version = version + 1 WHERE user_id = $1"
    said = await outcome_behind(replica, rival, user, [delivery(observed(user, 10))])
    assert not isinstance(said, BaseException)
    assert states(said) == ["rejected"]


async def test_what_wrong_rules_allow_the_database_refuses_and_keeps_nothing_of(
    replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await replica.account(limit=100)
    with monkeypatch.context() as wrong:
        wrong.setattr(decide, "_fits", lambda *_: True)
        with pytest.raises(store.LedgerError, match="would hold 101 of 100 bytes"):
            await replica.ledger.settle([delivery(observed(user, 101))])
    assert await replica.used(user) == 0
    assert await replica.value("SELECT count(*) FROM reservations WHERE user_id = $1", user) == 0
