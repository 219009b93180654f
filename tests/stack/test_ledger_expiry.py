"""Which rows of the ledger are forgotten, and which nobody can make it forget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from msgspec.structs import replace

from services.chassis.jobs import Job, run_now
from services.quota.expiry import START, Expiry, PgExpiry
from services.quota.model import Observed
from tests.stack.chassis_servers import until
from tests.stack.quota_ledger import deleted, delivery, observed, states
from tests.stack.quota_tampered import SQL, Tampered, open_tampered
from tests.stack.test_ledger_rivals import blocked_by

DAY = 86_400.0
RETENTION, JOURNAL = 30 * DAY, 100 * DAY
ALL_ROWS = "SELECT object_key, version FROM reservations UNION ALL SELECT object_key, version FROM superseded"


@pytest.fixture
async def ledger(stack: Any) -> AsyncIterator[Tampered]:
    async with open_tampered(stack) as found:
        yield found


async def age(ledger: Tampered, days: float = 31, *keys: str) -> None:
    """As if all that was decided (about `keys`, if any are named) had been decided so much earlier."""
    for table in ("reservations", "superseded"):
        await ledger.hand(
            f"UPDATE {table} SET decided_at = decided_at - make_interval(secs => $1)"  # noqa: S608 - a test's own text
            " WHERE cardinality($2::text[]) = 0 OR object_key = ANY ($2)",
            days * DAY,
            list(keys),
        )


async def expire(ledger: Tampered, batch: int = 1000, walk: int = 200_000) -> dict[str, Any]:
    """One run of the job."""
    job = Job("expiry", 3600, Expiry(PgExpiry(ledger.pool, RETENTION, JOURNAL), batch, walk))
    return dict(await run_now(ledger.pool, job, 5))


async def left(ledger: Tampered) -> set[str]:
    return {row["object_key"] for row in await ledger.pool.fetch(ALL_ROWS)}


async def tombstones(ledger: Tampered) -> tuple[UUID, Sequence[Observed]]:
    """A user with one of each kind: refused, deleted after its bytes were replaced, deleted before any came."""
    user, (replaced,) = await ledger.user(10)
    refused, never = observed(user, 1000), observed(user, 1)
    again = observed(user, 20, "b", 200, replaced)
    facts = [delivery(fact) for fact in (refused, again, deleted(replaced), deleted(never))]
    assert states(await ledger.replica.settle(facts)) == ["rejected", "reserved", "released", "released"]
    return user, (refused, replaced, never)


def keys(facts: Sequence[Observed]) -> set[str]:
    return {fact.object_key for fact in facts}


async def test_old_tombstones_go_with_their_histories_and_nothing_else_does(ledger: Tampered) -> None:
    user, _ = await tombstones(ledger)
    _, held = await ledger.user(30, 40)
    await ledger.replica.settle([delivery(observed(held[0].user_id, 31, "b", 200, held[0]))])
    await age(ledger)
    _, young = await tombstones(ledger)
    accounts = await ledger.pool.fetch("SELECT * FROM accounts ORDER BY 1")
    assert await expire(ledger) == {"forgotten": 3, "repairs": 0, "seen": 8, "next": None}
    assert await left(ledger) == keys(held) | keys(young)
    assert await ledger.pool.fetch("SELECT * FROM accounts ORDER BY 1") == accounts
    assert await ledger.audited() == []
    assert await ledger.replica.used(user) == 0
    assert await expire(ledger) == {"forgotten": 0, "repairs": 0, "seen": 5, "next": None}


async def test_the_retention_counts_from_the_last_decision(ledger: Tampered) -> None:
    _, (refused, *_) = await tombstones(ledger)
    await age(ledger, 31)
    late = replace(refused, observed_ns=refused.observed_ns + 1)
    assert states(await ledger.replica.settle([delivery(late)])) == ["rejected"]
    assert (await expire(ledger))["forgotten"] == 2
    assert await left(ledger) == {refused.object_key}
    assert await ledger.audited() == []


async def test_a_key_that_was_forgotten_is_decided_about_like_any_other(ledger: Tampered) -> None:
    user, (refused, *_) = await tombstones(ledger)
    await age(ledger)
    await expire(ledger)
    (decided,) = await ledger.replica.settle([delivery(observed(user, 5, like=refused))])
    assert (decided.decision.state, decided.decision.version) == ("reserved", 1)
    assert await ledger.replica.used(user) == 5


async def test_a_run_looks_at_a_part_and_the_next_one_goes_on_from_there(ledger: Tampered) -> None:
    for _ in range(3):
        await tombstones(ledger)
    await age(ledger)
    runs = [await expire(ledger, batch=2, walk=4) for _ in range(4)]
    assert [run["seen"] for run in runs] == [4, 4, 1, 0]
    assert [run["forgotten"] for run in runs] == [4, 4, 1, 0]
    assert [run["next"] is None for run in runs] == [False, False, True, True]
    assert await left(ledger) == set()


async def test_rows_that_stay_are_walked_over_and_come_again(ledger: Tampered) -> None:
    _, held = await ledger.user(1, 2, 3, 4, 5)
    assert [(await expire(ledger, batch=2, walk=4))["seen"] for _ in range(4)] == [4, 1, 4, 1]
    await ledger.replica.settle([delivery(deleted(fact)) for fact in held])
    await age(ledger)
    assert [(await expire(ledger, batch=2, walk=4))["forgotten"] for _ in range(2)] == [4, 1]


async def test_a_row_that_somebody_decides_on_is_passed_over_and_not_waited_for(ledger: Tampered) -> None:
    _, (refused, *_) = await tombstones(ledger)
    await age(ledger)
    async with ledger.pool.acquire() as batch, batch.transaction():
        await batch.execute("SELECT FROM reservations WHERE object_key = $1 FOR UPDATE", refused.object_key)
        assert (await expire(ledger))["forgotten"] == 2
    assert await left(ledger) == {refused.object_key}


async def test_a_batch_that_waits_for_a_row_that_goes_decides_anew(ledger: Tampered) -> None:
    user, (refused, *_) = await tombstones(ledger)
    await age(ledger)
    late = observed(user, 5, "z", 999, refused)
    async with ledger.pool.acquire() as expiring:
        transaction = expiring.transaction()
        await transaction.start()
        await expiring.fetch("DELETE FROM reservations WHERE object_key = $1 RETURNING true", refused.object_key)
        settling = asyncio.create_task(ledger.replica.settle([delivery(late)]))
        await blocked_by(ledger.replica, await expiring.fetchval("SELECT pg_backend_pid()"))
        await transaction.commit()
    (decided,) = await settling
    assert (decided.decision.state, decided.decision.version) == ("reserved", 1)
    assert await ledger.audited() == []


async def test_old_lines_of_the_journal_go_and_young_ones_stay(ledger: Tampered) -> None:
    user, _ = await ledger.user(10)
    for days in (101, 99):
        await ledger.hand("UPDATE accounts SET used_bytes = 9 WHERE user_id = $1", user)
        await ledger.fix()
        await ledger.hand("UPDATE repairs SET repaired_at = repaired_at - make_interval(days => $1)", days // 2)
    await ledger.hand("UPDATE repairs SET repaired_at = repaired_at - make_interval(days => 50) WHERE id = 1")
    assert (await expire(ledger))["repairs"] == 1
    assert await ledger.pool.fetchval("SELECT array_agg(id) FROM repairs") == [2]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM reservations WHERE state = 'reserved'",
        "DELETE FROM reservations",
        "DELETE FROM superseded",
        "DELETE FROM superseded WHERE false",
    ],
)
async def test_what_holds_bytes_and_what_was_decided_before_cannot_be_deleted(ledger: Tampered, statement: str) -> None:
    await tombstones(ledger)
    await ledger.user(10)
    await age(ledger, 999)
    before = await ledger.state()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await ledger.pool.execute(statement)
    assert await ledger.state() == before


async def test_what_a_record_may_still_meet_cannot_be_deleted(ledger: Tampered) -> None:
    await tombstones(ledger)
    await age(ledger, 6.9)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="nothing meets any more"):
        await ledger.pool.execute("DELETE FROM reservations")
    await age(ledger, 0.2)
    assert await ledger.pool.execute("DELETE FROM reservations") == "DELETE 3"
    assert await left(ledger) == set()


async def test_a_young_line_of_the_journal_cannot_be_deleted(ledger: Tampered) -> None:
    user, _ = await ledger.user(10)
    await ledger.hand("UPDATE accounts SET used_bytes = 9 WHERE user_id = $1", user)
    await ledger.fix()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="thirty days"):
        await ledger.pool.execute("DELETE FROM repairs")


async def test_the_walk_never_reads_the_whole_table(ledger: Tampered) -> None:
    user = uuid4()
    await ledger.hand(
        "INSERT INTO reservations"
        " SELECT $1::uuid || '/' || d || '/x', d, $1, 'rejected', 1, 0, 0, 0, 'a', 1, 'over_quota', 0, 0,"
        " now() - interval '1 year', 'documents', 0, n, 0"
        " FROM (SELECT n, gen_random_uuid() AS d FROM generate_series(1, 20000) AS n) AS made",
        user,
    )
    await ledger.pool.execute("ANALYZE reservations")
    async with ledger.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE walking (uuid, text, bigint, float8) AS {SQL['expire_tombstones']}")
        explain = "EXPLAIN EXECUTE walking ('00000000-0000-0000-0000-000000000000', '', 1000, 1)"
        lines = [row[0] for row in await connection.fetch(explain)]
        await connection.execute("DEALLOCATE walking")
    assert any("reservations_pkey" in line for line in lines)
    assert not any("Seq Scan on reservations" in line for line in lines)
    step = await PgExpiry(ledger.pool, RETENTION, JOURNAL).step(START, 1000)
    assert (step.seen, step.gone) == (1000, 1000)


async def test_the_running_service_does_its_periodic_work(stack: Any) -> None:
    connection = await asyncpg.connect(stack.info.databases["audit"])
    done = "finished_at IS NOT NULL AND error IS NULL"
    sql = f"SELECT count(*) FROM quota.jobs WHERE name IN ('drift', 'expiry') AND {done}"  # noqa: S608
    try:
        await until(lambda: _is(connection, sql, 2))
    finally:
        await connection.close()


async def _is(connection: asyncpg.Connection[asyncpg.Record], sql: str, number: int) -> bool:
    return bool(await connection.fetchval(sql) == number)
