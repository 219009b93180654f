"""A ledger that was restored from a backup becomes, by its own words alone, the ledger that it was."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from services.quota.model import Absent, Fact, Observed, Registered
from services.quota.restore.apply import Restored, restore
from services.quota.store import PgLedger
from tests.stack.quota_ledger import deleted, delivery, observed, open_ledgers
from tests.stack.restored_ledgers import TABLES, Ledgers, in_parts
from tests.stack.upload_replicas import fresh_database


@pytest.fixture(scope="module")
def databases(stack: Any) -> Iterator[tuple[str, str]]:
    superuser = stack.info.databases["postgres"]
    with fresh_database(superuser) as now, fresh_database(superuser) as backup:
        yield now, backup


@pytest.fixture
async def ledgers(databases: tuple[str, str]) -> AsyncIterator[Ledgers]:
    async with AsyncExitStack() as exits:
        replicas = [(await exits.enter_async_context(open_ledgers(url, 1)))[0] for url in databases]
        for replica in replicas:
            async with replica.pool.acquire() as connection, connection.transaction():
                await connection.execute("SET LOCAL session_replication_role = replica")
                await connection.execute("TRUNCATE accounts, reservations, superseded, outbox")
        yield Ledgers(now=replicas[0], backup=replicas[1])


async def test_what_was_decided_since_the_backup_is_as_it_was(ledgers: Ledgers) -> None:
    user = uuid4()
    await ledgers.limit(user, 100)
    kept, reused, gone = observed(user, 10), observed(user, 20), observed(user, 30)
    await ledgers.settle(kept, reused)
    ledgers.cut = True
    await ledgers.settle(gone, observed(user, 25, "b", at=200, like=reused), observed(user, 90))
    await ledgers.settle(deleted(gone), observed(user, 1, "c", at=300, like=gone))
    restored = await ledgers.restore()
    assert (restored.decisions, restored.keys, restored.missing) == (5, 3, 0)
    await ledgers.assert_alike()


async def test_done_again_it_does_nothing(ledgers: Ledgers) -> None:
    user = uuid4()
    ledgers.cut = True
    await ledgers.limit(user, 100)
    await ledgers.settle(observed(user, 60))
    await ledgers.limit(user, 50)
    assert await ledgers.restore() == Restored(decisions=1, keys=1, accounts=1, limits=1, missing=0)
    assert await ledgers.restore() == Restored(0, 0, 0, 0, 0)
    await ledgers.assert_alike()


async def test_the_last_bytes_stay_with_whom_they_were_promised(ledgers: Ledgers) -> None:
    user = uuid4()
    await ledgers.limit(user, 100)
    ledgers.cut = True
    winner, loser = observed(user, 100), observed(user, 100)
    assert await ledgers.settle(winner, loser) == ["reserved", "rejected"]
    await ledgers.restore()
    for fact in (loser, winner):  # as they come again, in another order
        await PgLedger(ledgers.backup.pool, ledgers.backup.outbox).settle([delivery(fact)])
    await ledgers.assert_alike()


async def test_bytes_that_were_granted_under_a_limit_that_is_lower_by_now_are_granted(ledgers: Ledgers) -> None:
    user = uuid4()
    await ledgers.limit(user, 100)
    ledgers.cut = True
    await ledgers.limit(user, 200)
    await ledgers.settle(observed(user, 150))
    await ledgers.limit(user, 120)
    await ledgers.restore()
    await ledgers.assert_alike()


async def test_what_grew_finds_the_room_that_another_gave_back(ledgers: Ledgers) -> None:
    """Two rows that the backup knows: taken in the wrong order they would not fit beside each other."""
    user = uuid4()
    await ledgers.limit(user, 100)
    large, small = observed(user, 60), observed(user, 30)
    await ledgers.settle(large, small)
    ledgers.cut = True
    await ledgers.settle(observed(user, 5, "b", at=200, like=large))
    assert await ledgers.settle(observed(user, 90, "b", at=200, like=small)) == ["reserved"]
    await ledgers.restore()
    await ledgers.assert_alike()


async def test_a_limit_that_was_never_told_is_known_from_what_it_granted_and_is_told_now(ledgers: Ledgers) -> None:
    user = uuid4()
    await ledgers.limit(user, 100)
    ledgers.cut = True
    ledgers.backup.outbox.added.clear()
    await ledgers.limit(user, 200)
    await ledgers.settle(observed(user, 150))
    unsaid = ledgers.now.outbox.added.pop()
    await ledgers.restore()
    await ledgers.assert_alike()
    ids = [row["headers"] for row in await ledgers.backup.pool.fetch("SELECT headers FROM outbox ORDER BY id")]
    assert dict(unsaid.headers)["ce_id"].decode() in ids[-1]


async def test_bytes_for_a_user_whose_account_was_never_told_open_it(ledgers: Ledgers) -> None:
    user = uuid4()
    ledgers.cut = True
    await ledgers.settle(Registered(user, 100), observed(user, 10))
    ledgers.now.outbox.added.clear()
    assert (await ledgers.restore()).accounts == 1
    await ledgers.assert_alike()


async def test_decisions_without_the_one_before_them_are_counted_and_left(ledgers: Ledgers) -> None:
    user = uuid4()
    await ledgers.limit(user, 100)
    ledgers.cut = True
    first, other = observed(user, 10), observed(user, 5)
    await ledgers.settle(first)
    late = len(ledgers.said)
    await ledgers.settle(deleted(first), other)
    told = [record for record in ledgers.records() if record.offset >= late and record.key != str(user).encode()]
    restored = await ledgers.restore(told)
    assert (restored.decisions, restored.missing) == (1, 1)
    assert {row[0] for row in (await ledgers.rows(ledgers.backup))["reservations"]} == {other.object_key}


async def test_of_two_histories_neither_counts(ledgers: Ledgers) -> None:
    """As where services had been started from the backup before anybody recovered it."""
    user = uuid4()
    await ledgers.limit(user, 100)
    ledgers.cut = True
    fact = observed(user, 10)
    await ledgers.settle(fact)
    records = ledgers.records()
    [decision] = [record for record in records if record.key == str(fact.document_id).encode()]
    assert decision.value is not None
    other = replace(decision, offset=99, value=decision.value.replace(b'"size_bytes":10', b'"size_bytes":11'))
    restored = await ledgers.restore([*records, other])
    assert (await ledgers.rows(ledgers.backup))["reservations"] == set()
    assert restored.decisions == 0


@pytest.mark.parametrize("source", [b"docuvault/operator", b"elsewhere"])
async def test_what_others_write_into_the_ledgers_topic_is_not_its_word(ledgers: Ledgers, source: bytes) -> None:
    user = uuid4()
    ledgers.cut = True
    await ledgers.limit(user, 100)
    await ledgers.settle(observed(user, 10))
    forged = [
        replace(each, headers=tuple((name, source if name == "ce_source" else value) for name, value in each.headers))
        for each in ledgers.records()
    ]
    unreadable = [replace(each, value=b"{") for each in ledgers.records()]
    assert await ledgers.restore([*forged, *unreadable]) == Restored(0, 0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(12))
async def test_any_history_comes_back_and_facts_that_come_again_change_nothing(ledgers: Ledgers, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    users = [uuid4() for _ in range(4)]
    keys: list[Observed] = []
    cut = chance.randint(0, 40)
    for turn in range(60):
        ledgers.cut = turn >= cut
        if chance.random() < 0.2:
            await ledgers.limit(chance.choice(users), chance.choice((0, 30, 100, 150)))
        await ledgers.settle(*[_fact(chance, users, keys, turn) for _ in range(chance.randint(1, 6))])
    before = ledgers.records()
    again = [replace(each, offset=each.offset + 10_000) for each in chance.sample(before, len(before) // 3)]
    told = [*before, *again]
    restored = await ledgers.restore(told)
    assert restored.missing == 0
    await ledgers.assert_alike()
    rows = await ledgers.rows(ledgers.backup)
    chance.shuffle(ledgers.facts)  # topics and partitions are heard again in an order of their own
    for at in range(0, len(ledgers.facts), 10):
        await PgLedger(ledgers.backup.pool, ledgers.backup.outbox).settle(ledgers.facts[at : at + 10])
    assert await ledgers.rows(ledgers.backup) == rows


def _fact(chance: random.Random, users: Sequence[UUID], keys: list[Observed], turn: int) -> Fact:
    """Mostly new bytes; the rest about a key there is: other bytes, gone, or deleted. None is a mere refresh."""
    if not keys or chance.random() < 0.5:
        keys.append(observed(chance.choice(users), chance.choice((5, 10, 40, 100)), f"e{turn}", at=turn * 100))
        return keys[-1]
    like, at = chance.choice(keys), turn * 100 + len(keys)
    roll = chance.random()
    if roll < 0.1:
        return Registered(like.user_id, 60)
    if roll < 0.5:
        return observed(like.user_id, chance.choice((5, 10, 40, 100)), f"e{turn}-{len(keys)}", at=at, like=like)
    if roll < 0.7:
        return Absent(like.object_key, like.document_id, like.user_id, at)
    return deleted(like)


async def test_a_restore_that_is_taken_back_leaves_nothing(ledgers: Ledgers) -> None:
    user = uuid4()
    ledgers.cut = True
    await ledgers.limit(user, 100)
    await ledgers.settle(observed(user, 10))
    async with ledgers.backup.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        assert (await restore(connection, in_parts(ledgers.records()))).decisions == 1
        await transaction.rollback()
    assert await ledgers.rows(ledgers.backup) == {table: set() for table in TABLES}
    assert await ledgers.backup.value("SELECT to_regclass('restoring')") is None
