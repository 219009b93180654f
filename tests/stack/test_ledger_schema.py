"""What the tables refuse to hold, tried with raw SQL under the ledger's own role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.chassis.migrations import migrate
from services.chassis.postgres import load_sql
from tests.stack.quota_ledger import Replica, delivery, observed, open_ledgers

USER = UUID("11111111-1111-4111-8111-111111111111")
DOCUMENT = UUID("22222222-2222-4222-8222-222222222222")
GOOD: dict[str, Any] = {
    "object_key": f"{USER}/{DOCUMENT}/x.bin",
    "document_id": DOCUMENT,
    "user_id": USER,
    "state": "reserved",
    "version": 1,
    "size_bytes": 10,
    "rejected_bytes": 0,
    "released_bytes": 0,
    "etag": "a",
    "observed_ns": 1,
    "reason": None,
    "used_bytes": 10,
    "limit_bytes": 100,
    "decided_at": datetime(2026, 1, 2, tzinfo=UTC),
    "origin_topic": "storage.events",
    "origin_partition": 0,
    "origin_offset": 0,
    "origin_index": 0,
}
REJECTED = {"state": "rejected", "size_bytes": 0, "rejected_bytes": 10, "reason": "over_quota"}
RELEASED = {"state": "released", "size_bytes": 0, "released_bytes": 10, "reason": "document_deleted"}


@pytest.fixture
async def replica(stack: Any) -> AsyncIterator[Replica]:
    async with open_ledgers(stack.info.databases["quota"], 1) as found:
        yield found[0]


@pytest.fixture
async def connection(replica: Replica) -> AsyncIterator[Any]:
    async with replica.pool.acquire() as found:
        transaction = found.transaction()
        await transaction.start()
        yield found
        await transaction.rollback()


async def open_account(connection: Any) -> None:
    await insert(connection, "accounts", {"user_id": USER, "limit_bytes": 100})


async def insert(connection: Any, table: str, row: dict[str, Any]) -> None:
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())  # noqa: S608


@pytest.mark.parametrize("table", ["reservations", "superseded"])
@pytest.mark.parametrize("change", [{}, REJECTED, RELEASED, {**RELEASED, "etag": None, "released_bytes": 0}])
async def test_each_state_as_the_rules_make_it_is_stored(connection: Any, table: str, change: dict[str, Any]) -> None:
    await open_account(connection)
    await insert(connection, table, GOOD | change)


@pytest.mark.parametrize("table", ["reservations", "superseded"])
@pytest.mark.parametrize(
    "change",
    [
        {"state": "pending"},
        {"version": 0},
        {"size_bytes": -1},
        {"used_bytes": -1},
        {"observed_ns": -1},
        {"etag": None},
        {"reason": "over_quota"},
        {"rejected_bytes": 1},
        {"released_bytes": 1},
        {"user_id": DOCUMENT},
        {"document_id": USER},
        {"object_key": "elsewhere"},
        {"origin_topic": ""},
        {"origin_offset": -1},
        REJECTED | {"size_bytes": 1},
        REJECTED | {"etag": None},
        REJECTED | {"reason": None},
        REJECTED | {"reason": "because"},
        RELEASED | {"size_bytes": 1},
        RELEASED | {"rejected_bytes": 1},
        RELEASED | {"reason": None},
        RELEASED | {"reason": "over_quota"},
    ],
)
async def test_a_row_that_no_rule_makes_is_refused(connection: Any, table: str, change: dict[str, Any]) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await insert(connection, table, GOOD | change)


@pytest.mark.parametrize("table", ["reservations", "superseded"])
async def test_a_key_or_a_version_of_it_is_there_once(connection: Any, table: str) -> None:
    await open_account(connection)
    await insert(connection, table, GOOD)
    with pytest.raises(asyncpg.UniqueViolationError):
        await insert(connection, table, GOOD | {"size_bytes": 11})


@pytest.mark.parametrize(
    "change", [{"used_bytes": -1}, {"limit_bytes": -1}, {"version": 0}, {"used_bytes": 101}, {"limit_bytes": None}]
)
async def test_an_account_that_cannot_be_is_refused(connection: Any, change: dict[str, Any]) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await insert(connection, "accounts", {"user_id": USER, "used_bytes": 0, "limit_bytes": 100} | change)


async def test_the_audit_names_who_holds_other_bytes_than_are_reserved(replica: Replica, stack: Any) -> None:
    user, other = await replica.account(limit=100), uuid4()
    await replica.settle([delivery(observed(user, 10))])
    assert user not in await differing(stack)
    await plant(stack, "UPDATE quota.accounts SET used_bytes = 7 WHERE user_id = $1", user)
    try:
        assert (await differing(stack))[user] == (7, 10, -3)
        assert other not in await differing(stack)
    finally:
        await plant(stack, "UPDATE quota.accounts SET used_bytes = 10 WHERE user_id = $1", user)


async def test_the_audit_names_a_key_whose_earlier_decision_is_lost(replica: Replica, stack: Any) -> None:
    user = await replica.account(limit=100)
    first = observed(user, 10)
    await replica.settle([delivery(first)])
    await replica.settle([delivery(observed(user, 20, "b", 200, first))])
    assert first.object_key not in await miscounted(stack)
    await plant(stack, "UPDATE quota.superseded SET version = 9 WHERE object_key = $1", first.object_key)
    assert first.object_key in await miscounted(stack)
    await plant(stack, "DELETE FROM quota.superseded WHERE object_key = $1", first.object_key)
    try:
        assert (await miscounted(stack))[first.object_key] == (2, 0)
    finally:
        await plant(stack, "DELETE FROM quota.reservations WHERE object_key = $1", first.object_key)
        await plant(stack, "UPDATE quota.accounts SET used_bytes = 0 WHERE user_id = $1", user)


async def plant(stack: Any, statement: str, argument: object) -> None:
    """What no service could store: as superuser, with the tables' triggers asleep."""
    url = stack.info.databases["postgres"]
    connection = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"})
    try:
        await connection.execute(statement, argument)
    finally:
        await connection.close()


async def miscounted(stack: Any) -> dict[str, tuple[int, int]]:
    """What sql/audit_versions.sql finds, under the role that only reads."""
    rows = await audited(stack, "audit_versions")
    return {row["object_key"]: (row["version"], row["earlier_decisions"]) for row in rows}


async def differing(stack: Any) -> dict[UUID, tuple[int, int, int]]:
    """What sql/audit_accounts.sql finds, under the role that only reads."""
    rows = await audited(stack, "audit_accounts")
    return {row["user_id"]: (row["used_bytes"], row["reserved_bytes"], row["difference_bytes"]) for row in rows}


async def audited(stack: Any, name: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(stack.info.databases["audit"])
    try:
        return await connection.fetch(load_sql("services.quota")[name])
    finally:
        await connection.close()


async def test_migrating_again_changes_nothing(replica: Replica) -> None:
    await migrate(replica.pool, "services.quota")
    assert await replica.value("SELECT count(*) FROM schema_migrations") == 6


async def test_updates_of_rows_touch_no_index(replica: Replica) -> None:
    """What is charged and refreshed all the time must stay HOT: no index on a column that changes."""
    indexed = await replica.pool.fetch(
        "SELECT DISTINCT attname FROM pg_attribute JOIN pg_index ON attrelid = indexrelid"
        " WHERE indrelid IN ('accounts'::regclass, 'reservations'::regclass)"
    )
    assert {row["attname"] for row in indexed} == {"user_id", "document_id", "object_key"}
