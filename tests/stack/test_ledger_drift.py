"""Totals moved past the triggers: found, repaired in the journal where the rows can be believed, refused where not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.chassis.jobs import Job, run_now
from services.quota.drift import find_drift
from services.quota.jobs import DriftJob
from services.quota.model import Account, Observed
from tests.stack.quota_ledger import deleted, delivery, observed, states
from tests.stack.quota_tampered import Tampered, open_tampered
from tests.stack.test_ledger_rivals import blocked_by
from tests.stack.test_ledger_schema import GOOD, insert


@pytest.fixture
async def ledger(stack: Any) -> AsyncIterator[Tampered]:
    async with open_tampered(stack) as found:
        yield found


async def test_a_ledger_that_agrees_is_left_as_it_is(ledger: Tampered) -> None:
    await ledger.user(10, 20)
    await ledger.user()
    before = await ledger.state()
    assert await ledger.find(repair=True) == []
    assert await ledger.state() == before


@pytest.mark.parametrize("moved", [-30, -1, 1, 999])
async def test_a_total_that_was_moved_is_repaired_with_a_line_in_the_journal(ledger: Tampered, moved: int) -> None:
    user, _ = await ledger.user(10, 20)
    other, _ = await ledger.user(40)
    await ledger.hand("UPDATE accounts SET used_bytes = used_bytes + $2 WHERE user_id = $1", user, moved)
    assert [each.done for each in await ledger.find(repair=False)] == ["found"]
    assert await ledger.journal() == []
    assert await ledger.fix() == {user: "repaired"}
    why = f"used_bytes was {30 + moved}, the rows of 2 keys add up to 30, and the history of each key is whole"
    assert await ledger.journal() == [(user, 30 + moved, 30, 30, why, "test")]
    assert (await ledger.replica.used(user), await ledger.replica.used(other)) == (30, 40)
    assert await ledger.fix() == {}


async def test_rows_that_vanished_or_appeared_whole_move_the_total_to_those_there_are(ledger: Tampered) -> None:
    fewer, (gone, _) = await ledger.user(10, 20)
    more, (like,) = await ledger.user(10)
    await ledger.hand("DELETE FROM reservations WHERE object_key = $1", gone.object_key)
    await ledger.hand(
        "INSERT INTO reservations SELECT object_key || 'x', document_id, user_id, state, version, 33, 0, 0, etag,"
        " observed_ns, reason, 43, limit_bytes, decided_at, 'documents', 0, 1, 0 FROM reservations"
        " WHERE object_key = $1",
        like.object_key,
    )
    assert await ledger.fix() == {fewer: "repaired", more: "repaired"}
    assert (await ledger.replica.used(fewer), await ledger.replica.used(more)) == (20, 43)


async def test_a_user_whose_rows_all_vanished_holds_nothing(ledger: Tampered) -> None:
    user, _ = await ledger.user(10, 20)
    await ledger.hand("DELETE FROM reservations WHERE user_id = $1", user)
    assert await ledger.fix() == {user: "repaired"}
    assert (await ledger.journal())[0][1:4] == (30, 0, 0)


async def test_what_was_reserved_beyond_the_limit_is_told_and_nothing_more_is_given(ledger: Tampered) -> None:
    user, (first, _) = await ledger.user(60, 30)
    await ledger.hand("UPDATE accounts SET used_bytes = 0 WHERE user_id = $1", user)
    await ledger.replica.settle([delivery(observed(user, 100))])
    assert await ledger.fix() == {user: "repaired"}
    assert await ledger.replica.accounts.get(user) == Account(190, 100)
    assert states(await ledger.replica.settle([delivery(observed(user, 1))])) == ["rejected"]
    assert states(await ledger.replica.settle([delivery(deleted(first))])) == ["released"]
    assert await ledger.replica.used(user) == 130


async def twice_decided(ledger: Tampered) -> tuple[UUID, Observed]:
    """A user with one key, whose bytes were replaced and then released, and another key that holds 5."""
    user, (first, _) = await ledger.user(10, 5)
    await ledger.replica.settle([delivery(observed(user, 20, "b", 200, first)), delivery(deleted(first))])
    return user, first


@pytest.mark.parametrize(
    ("hand", "fault"),
    [
        ("DELETE FROM superseded WHERE version = 1", "decision 1 is lost"),
        ("DELETE FROM superseded WHERE version = 2", "decision 2 is lost"),
        ("DELETE FROM reservations WHERE version = 3", "its last decision is lost"),
        ("UPDATE superseded SET version = 9 WHERE version = 2", "its last decision is lost"),
        (
            "UPDATE superseded SET size_bytes = 19 WHERE version = 2",
            "decision 3 gave 20 bytes back, and the one before it held 19",
        ),
        ("UPDATE superseded SET observed_ns = 1000 WHERE version = 1", "decision 2 goes back in time"),
        (
            "UPDATE superseded SET state = 'released', reason = 'object_removed', size_bytes = 0 WHERE version = 1",
            "decision 2 brings a tombstone to life",
        ),
    ],
)
async def test_a_history_that_is_not_whole_is_refused_and_left_untouched(
    ledger: Tampered, hand: str, fault: str
) -> None:
    user, first = await twice_decided(ledger)
    sound, _ = await ledger.user(7)
    await ledger.hand(hand)
    await ledger.hand("UPDATE accounts SET used_bytes = used_bytes + 1")
    mine = await ledger.pool.fetchrow("SELECT * FROM accounts WHERE user_id = $1", user)
    found = {each.drift.user_id: each for each in await ledger.find(repair=True)}
    assert {key: each.done for key, each in found.items()} == {user: "refused", sound: "repaired"}
    assert found[user].drift.why.startswith("used_bytes was 6, the rows of 2 keys add up to ")
    assert f"but 1 of them cannot be believed, the first is {first.object_key}: {fault}" in found[user].drift.why
    assert await ledger.pool.fetchrow("SELECT * FROM accounts WHERE user_id = $1", user) == mine
    assert [line[0] for line in await ledger.journal()] == [sound]


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("reservations_state_is_whole", "reason = 'over_quota'"),
        ("reservations_state_is_whole", "state = 'pending'"),
        ("reservations_bytes_not_negative", "size_bytes = -1"),
    ],
)
async def test_a_row_that_no_rule_makes_is_refused(ledger: Tampered, constraint: str, change: str) -> None:
    user, _ = await ledger.user(10)
    await ledger.pool.execute(f"ALTER TABLE reservations DROP CONSTRAINT {constraint}")
    await ledger.hand(f"UPDATE reservations SET {change}")  # noqa: S608 - a test's own text
    await ledger.hand("UPDATE accounts SET used_bytes = used_bytes + 1")
    assert await ledger.fix() == {user: "refused"}
    assert await ledger.journal() == []


async def test_a_reservation_of_anothers_key_is_refused_on_both_sides(ledger: Tampered) -> None:
    (robbed, (stolen, _)), (payer, _) = await ledger.user(10, 20), await ledger.user(5)
    await ledger.pool.execute("ALTER TABLE reservations DROP CONSTRAINT reservations_key_names_its_owner")
    await ledger.hand("UPDATE reservations SET user_id = $2 WHERE object_key = $1", stolen.object_key, payer)
    found = await ledger.find(repair=True)
    assert {each.drift.user_id: (each.done, each.drift.reserved_bytes) for each in found} == {
        robbed: ("refused", 20),
        payer: ("refused", 15),
    }
    assert all("another than the key's owner" in each.drift.why for each in found)
    assert await ledger.journal() == []


async def test_a_sum_that_no_account_can_hold_is_refused(ledger: Tampered) -> None:
    user, _ = await ledger.user(10, 20)
    await ledger.hand("UPDATE reservations SET size_bytes = $1", 2**62)
    assert await ledger.fix() == {user: "refused"}
    assert await ledger.journal() == []


async def test_bytes_of_a_user_without_an_account_are_repaired_once_there_is_one(ledger: Tampered) -> None:
    user, _ = await ledger.user(10, 20)
    await ledger.hand("DELETE FROM accounts WHERE user_id = $1", user)
    (found,) = await ledger.find(repair=True)
    assert (found.done, found.drift.used_bytes) == ("refused", None)
    assert "there is no account" in found.drift.why
    await ledger.replica.accounts.set_limit(user, 25)
    assert await ledger.fix() == {user: "repaired"}
    assert await ledger.replica.accounts.get(user) == Account(30, 25)


async def test_thousands_that_differ_are_repaired_slice_by_slice(ledger: Tampered) -> None:
    users = [uuid4() for _ in range(250)]
    await ledger.pool.executemany(
        "INSERT INTO accounts (user_id, limit_bytes) VALUES ($1, 9)", [[user] for user in users]
    )
    await ledger.hand("UPDATE accounts SET used_bytes = 3")
    async with aclosing(find_drift(ledger.pool, repair=True, by="test")) as slices:
        assert [len(findings) async for findings in slices] == [100, 100, 50]
    assert await ledger.pool.fetchval("SELECT sum(used_bytes) FROM accounts") == 0


@pytest.mark.parametrize(("repair", "done"), [(False, "found"), (True, "repaired")])
async def test_the_nightly_job_tells_of_each_drift_and_repairs_it_where_that_is_switched_on(
    ledger: Tampered,
    repair: bool,  # noqa: FBT001 - both
    done: str,
) -> None:
    user, _ = await ledger.user(10)
    broken, (first, _) = await ledger.user(10, 20)
    await ledger.replica.settle([delivery(deleted(first))])
    await ledger.hand("DELETE FROM superseded")
    await ledger.hand("UPDATE accounts SET used_bytes = used_bytes + 1")
    work = DriftJob(ledger.pool, repair=repair, by="quota-1")
    with capture_logs() as lines:
        result = await run_now(ledger.pool, Job("drift", 86_400, work), 5)
    assert result == {"found": 0, "repaired": 0, "refused": 1} | {done: 1}
    told = {(line["user_id"], line["done"]) for line in lines if line["event"] == "quota.drift"}
    assert told == {(str(user), done), (str(broken), "refused")}
    assert [line[5] for line in await ledger.journal()] == (["quota-1"] if repair else [])


async def test_a_batch_under_way_is_waited_for_and_counted_once(ledger: Tampered) -> None:
    user, (first,) = await ledger.user(10)
    await ledger.hand("UPDATE accounts SET used_bytes = 17 WHERE user_id = $1", user)
    async with ledger.pool.acquire() as batch:
        transaction = batch.transaction()
        await transaction.start()
        await batch.execute("SELECT FROM accounts WHERE user_id = $1 FOR UPDATE", user)
        row = {"user_id": user, "document_id": first.document_id, "object_key": first.object_key + "x"}
        await insert(batch, "reservations", GOOD | row | {"size_bytes": 40})
        fixing = asyncio.create_task(ledger.fix())
        await blocked_by(ledger.replica, await batch.fetchval("SELECT pg_backend_pid()"))
        await transaction.commit()
    assert await fixing == {user: "repaired"}
    assert (await ledger.journal())[0][1:4] == (57, 50, 50)
    assert await ledger.replica.used(user) == 50


async def test_a_batch_that_comes_during_a_repair_waits_and_is_counted_once(ledger: Tampered) -> None:
    user, _ = await ledger.user(10)
    await ledger.hand("UPDATE accounts SET used_bytes = 17 WHERE user_id = $1", user)
    async with ledger.pool.acquire() as repairing:
        transaction = repairing.transaction()
        await transaction.start()
        await repairing.execute(
            "INSERT INTO repairs (user_id, before_bytes, after_bytes, reserved_bytes, why, repaired_by)"
            " VALUES ($1, 17, 10, 10, 'why', 'who')",
            user,
        )
        settling = asyncio.create_task(ledger.replica.settle([delivery(observed(user, 90))]))
        await blocked_by(ledger.replica, await repairing.fetchval("SELECT pg_backend_pid()"))
        await transaction.commit()
    assert states(await settling) == ["reserved"]
    assert await ledger.replica.used(user) == 100


async def test_under_load_no_repair_loses_or_doubles_a_byte(ledger: Tampered) -> None:
    users = [(await ledger.user(limit=10**9))[0] for _ in range(4)]
    done = asyncio.Event()

    async def load() -> None:
        while not done.is_set():
            facts = [observed(user, 3) for user in users]
            await ledger.replica.settle([delivery(fact) for fact in facts])
            reused = observed(users[0], 5, "b", 200, facts[0])
            await ledger.replica.settle([delivery(reused), delivery(deleted(facts[1]))])

    loads = [asyncio.create_task(load()) for _ in range(3)]
    try:
        for round_ in range(12):
            for user in users:
                moved = "UPDATE accounts SET used_bytes = used_bytes + $2 WHERE user_id = $1"
                await ledger.hand(moved, user, round_ + 1)
            assert await ledger.fix() == dict.fromkeys(users, "repaired")
    finally:
        done.set()
        await asyncio.gather(*loads)
    assert [await ledger.replica.used(user) > 0 for user in users] == [True, False, True, True]
    assert await ledger.fix() == {}
    lines = await ledger.journal()
    assert [before - after for _, before, after, *_ in lines] == [n for n in range(1, 13) for _ in users]


async def test_an_old_total_does_not_pass_for_the_one_under_the_lock(ledger: Tampered) -> None:
    """The database looks for itself: whoever would repair to another sum, or from another total, is refused."""
    user, _ = await ledger.user(10)
    await ledger.hand("UPDATE accounts SET used_bytes = 17 WHERE user_id = $1", user)
    sql = (
        "INSERT INTO repairs (user_id, before_bytes, after_bytes, reserved_bytes, why, repaired_by)"
        " SELECT $1, $2, $3, $4, 'why', 'who' FROM generate_series(1, $5)"
    )
    for wrong in [(16, 10, 10, 1), (17, 11, 11, 1), (17, 11, 10, 1), (10, 10, 10, 1), (17, 10, 10, 2)]:
        with pytest.raises(asyncpg.CheckViolationError):
            await ledger.pool.execute(sql, user, *wrong)
    with pytest.raises(asyncpg.CheckViolationError):
        await ledger.pool.execute(sql, uuid4(), 0, 1, 1, 1)
    await ledger.pool.execute(sql, user, 17, 10, 10, 1)
    assert await ledger.replica.used(user) == 10
