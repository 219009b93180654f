"""No total can be stored but the sum of the reservations: raw SQL under the ledger's own role, and under others'."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.stack.quota_ledger import Replica, open_ledgers
from tests.stack.test_ledger_schema import GOOD, REJECTED, RELEASED, insert

REFUSED = asyncpg.InsufficientPrivilegeError


@dataclass(frozen=True)
class Book:
    """A user with an account, inside a transaction that is rolled back."""

    connection: Any
    row: dict[str, Any]

    async def write(self, **change: Any) -> None:
        await insert(self.connection, "reservations", self.row | change)

    async def change(self, assignments: str, key: str | None = None) -> None:
        sql = f"UPDATE reservations SET {assignments} WHERE object_key = $1"  # noqa: S608 - a test's own text
        await self.connection.execute(sql, key or self.row["object_key"])

    async def account(self, assignments: str) -> None:
        sql = f"UPDATE accounts SET {assignments} WHERE user_id = $1"  # noqa: S608 - a test's own text
        await self.connection.execute(sql, self.row["user_id"])

    async def used(self) -> int:
        found: int = await self.connection.fetchval(
            "SELECT used_bytes FROM accounts WHERE user_id = $1", self.row["user_id"]
        )
        return found

    async def past(self) -> list[tuple[int, int, int]]:
        sql = "SELECT version, size_bytes, observed_ns FROM superseded WHERE object_key = $1 ORDER BY version"
        return [tuple(row) for row in await self.connection.fetch(sql, self.row["object_key"])]

    def other_key(self) -> dict[str, Any]:
        return {"object_key": f"{self.row['user_id']}/{self.row['document_id']}/{uuid4()}.bin"}


@pytest.fixture
async def replica(stack: Any) -> AsyncIterator[Replica]:
    async with open_ledgers(stack.info.databases["quota"], 1) as found:
        yield found[0]


@pytest.fixture
async def book(replica: Replica) -> AsyncIterator[Book]:
    user, document = uuid4(), uuid4()
    row = GOOD | {"user_id": user, "document_id": document, "object_key": f"{user}/{document}/x.bin"}
    async with replica.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await insert(connection, "accounts", {"user_id": user, "limit_bytes": 100})
        yield Book(connection, row)
        await transaction.rollback()


async def test_the_bytes_in_use_move_with_the_rows_whoever_writes_them(book: Book) -> None:
    await book.write(size_bytes=60)
    await book.write(**book.other_key(), size_bytes=40)
    await book.write(**book.other_key(), **REJECTED)
    assert await book.used() == 100
    await book.change("size_bytes = 50, version = 2")
    assert await book.used() == 90
    await book.change("state = 'released', reason = 'object_removed', size_bytes = 0, version = 3")
    assert await book.used() == 40


async def test_what_copy_writes_is_counted_too(book: Book) -> None:
    rows = [tuple((book.row | book.other_key()).values()) for _ in range(7)]
    await book.connection.copy_records_to_table("reservations", columns=list(book.row), records=rows)
    assert await book.used() == 70


@pytest.mark.parametrize("used", ["used_bytes + 1", "used_bytes - 1", "0", "NULL"])
async def test_nobody_moves_the_bytes_in_use_by_hand(book: Book, used: str) -> None:
    await book.write()
    with pytest.raises((REFUSED, asyncpg.NotNullViolationError)):
        await book.account(f"used_bytes = {used}")


async def test_an_account_is_opened_empty(book: Book) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="opened empty"):
        await insert(book.connection, "accounts", {"user_id": uuid4(), "used_bytes": 1, "limit_bytes": 100})


async def test_nothing_is_reserved_without_an_account(book: Book) -> None:
    user = uuid4()
    stranger = book.row | {"user_id": user, "object_key": f"{user}/{book.row['document_id']}/x.bin"}
    await insert(book.connection, "reservations", stranger | REJECTED)
    with pytest.raises(asyncpg.CheckViolationError, match="without an account"):
        await insert(book.connection, "reservations", stranger | {"object_key": stranger["object_key"] + "y"})


async def test_no_row_takes_an_account_above_its_limit(book: Book) -> None:
    await book.write(size_bytes=90)
    with pytest.raises(asyncpg.CheckViolationError, match="would hold 101 of 100 bytes"):
        await book.write(**book.other_key(), size_bytes=11)


async def test_no_update_of_a_row_takes_an_account_above_its_limit(book: Book) -> None:
    await book.write(size_bytes=90)
    with pytest.raises(asyncpg.CheckViolationError, match="would hold 101 of 100 bytes"):
        await book.change("size_bytes = 101, version = 2")


async def test_above_a_lowered_limit_an_account_may_only_fall(book: Book) -> None:
    await book.write(size_bytes=90)
    await book.account("limit_bytes = 50, version = version + 1")
    await book.change("size_bytes = 80, version = 2")
    assert await book.used() == 80
    with pytest.raises(asyncpg.CheckViolationError, match="would hold 81 of 50 bytes"):
        await book.change("size_bytes = 81, version = 3")


@pytest.mark.parametrize(
    "step",
    [
        "version = 1",
        "version = 4, size_bytes = 9",
        "size_bytes = 9",
        "state = 'rejected', reason = 'over_quota', size_bytes = 0",
        "used_bytes = 11",
        "origin_offset = 7",
        "observed_ns = 0",
        "observed_ns = 0, version = 3",
    ],
)
async def test_a_decided_row_only_steps_forward_one_version_at_a_time(book: Book, step: str) -> None:
    await book.write()
    await book.change("size_bytes = 8, version = 2")
    with pytest.raises(asyncpg.CheckViolationError):
        await book.change(step)


async def test_the_time_of_the_same_bytes_may_move_forward_under_the_same_version(book: Book) -> None:
    await book.write()
    await book.change("observed_ns = 2")
    assert await book.past() == []


async def test_a_repair_of_what_agrees_is_refused(book: Book) -> None:
    await book.write(size_bytes=60)
    line = {"user_id": book.row["user_id"], "before_bytes": 60, "after_bytes": 61, "reserved_bytes": 61}
    for change in ({}, {"before_bytes": 61, "after_bytes": 60, "reserved_bytes": 60}, {"reserved_bytes": 60}):
        with pytest.raises(asyncpg.CheckViolationError):
            async with book.connection.transaction():
                await insert(book.connection, "repairs", line | change | {"why": "why", "repaired_by": "who"})
    assert await book.used() == 60


@pytest.mark.parametrize("tombstone", [REJECTED, RELEASED])
async def test_a_tombstone_is_final(book: Book, tombstone: dict[str, Any]) -> None:
    await book.write(**tombstone)
    reserved = "state = 'reserved', reason = NULL, size_bytes = 1, rejected_bytes = 0, released_bytes = 0, version = 2"
    with pytest.raises(asyncpg.CheckViolationError, match="only steps forward"):
        await book.change(reserved)


async def test_what_an_update_replaces_is_kept_as_it_stood(book: Book) -> None:
    await book.write(size_bytes=5)
    await book.change("size_bytes = 6, observed_ns = 2, version = 2")
    await book.change("size_bytes = 7, observed_ns = 3, version = 3")
    assert await book.past() == [(1, 5, 1), (2, 6, 2)]


async def test_a_writer_may_keep_what_never_stood_there_and_skip_no_version(book: Book) -> None:
    await book.write(size_bytes=5)
    for version in (1, 2):
        await insert(book.connection, "superseded", book.row | {"version": version, "observed_ns": 10 * version})
    await book.change("version = 3, observed_ns = 30")
    assert await book.past() == [(1, 10, 10), (2, 10, 20)]
    with pytest.raises(asyncpg.CheckViolationError, match="without all those before it"):
        await book.write(**book.other_key(), version=2)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM accounts",
        "DELETE FROM reservations",
        "DELETE FROM superseded",
        "TRUNCATE accounts",
        "TRUNCATE reservations",
        "TRUNCATE superseded",
        "UPDATE repairs SET after_bytes = 0",
        "TRUNCATE repairs",
        "UPDATE accounts SET repaired_at = now()",
        "UPDATE superseded SET size_bytes = 0",
        "UPDATE reservations SET user_id = gen_random_uuid()",
        "UPDATE reservations SET object_key = 'x'",
        "UPDATE reservations SET document_id = gen_random_uuid()",
        "UPDATE accounts SET user_id = gen_random_uuid()",
        "SET session_replication_role = replica",
        "COPY accounts FROM PROGRAM 'true'",
        "COPY accounts TO '/tmp/accounts'",
        "SET ROLE upload",
        "SET ROLE postgres",
        "CREATE TEMPORARY TABLE accounts (used_bytes bigint)",
        "CREATE EXTENSION dblink",
    ],
)
async def test_the_ledgers_own_role_removes_and_rewrites_nothing(book: Book, statement: str) -> None:
    await book.write()
    with pytest.raises(REFUSED):
        await book.connection.execute(statement)


@pytest.mark.parametrize(
    "change", ["version = version + 1", "version = 0", "limit_bytes = 7", "limit_bytes = 7, version = version + 2"]
)
async def test_the_version_of_an_account_counts_the_changes_of_its_limit(book: Book, change: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await book.account(change)


@pytest.mark.usefixtures("replica")
@pytest.mark.parametrize("role", ["upload", "janitor", "audit"])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO quota.accounts (user_id, limit_bytes) VALUES (gen_random_uuid(), 1)",
        "UPDATE quota.accounts SET limit_bytes = 1",
        "UPDATE quota.reservations SET version = 2",
        "DELETE FROM quota.superseded",
        "TRUNCATE quota.outbox",
        "LOCK TABLE quota.accounts",
        "ALTER TABLE quota.accounts DISABLE TRIGGER ALL",
        "DROP TABLE quota.reservations",
        "CREATE TABLE quota.mine (a integer)",
        "DELETE FROM quota.schema_migrations",
    ],
)
async def test_nobody_elses_role_touches_the_ledger(stack: Any, role: str, statement: str) -> None:
    settings = {"default_transaction_read_only": "off"}
    connection = await asyncpg.connect(stack.info.databases[role], server_settings=settings)
    try:
        with pytest.raises(REFUSED):
            async with connection.transaction():
                await connection.execute(statement)
    finally:
        await connection.close()
