"""The ledger in PostgreSQL: a batch is one transaction, a handful of statements whatever its size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from services.chassis.delivery import Delivery, Origin
from services.chassis.errors import Transient
from services.chassis.failpoints import failpoint
from services.chassis.outbox import Outbox
from services.chassis.postgres import Connection, load_sql, transaction, translated
from services.quota.events import LimitChange, limit_message
from services.quota.metrics import count_decisions
from services.quota.model import Account, Decided, Fact, Registered, Reservation, Settlement, Write
from services.quota.settle import settle

SQL = load_sql("services.quota")

COLUMNS = (
    "object_key", "document_id", "user_id", "state", "version", "size_bytes", "rejected_bytes", "released_bytes",
    "etag", "observed_ns", "reason", "used_bytes", "limit_bytes", "decided_at",
    "origin_topic", "origin_partition", "origin_offset", "origin_index",
)  # fmt: skip
_ORIGIN = 14
"""Where the columns of the origin start."""
values_of = attrgetter(*(name.replace("origin_", "origin.") for name in COLUMNS))
"""The parts of a row, in the order of COLUMNS."""


class LedgerError(Exception):
    """The database refused what the rules allowed: a bug, and loud."""


class Ledger(Protocol):
    """Where batches are settled. All calls raise Transient where the database is away."""

    async def settle(self, batch: Sequence[Delivery[Fact]]) -> Sequence[Decided]:
        """Applies a batch in the order given; what to publish of it, decided now or, for a replay, before."""
        ...


class Accounts(Protocol):
    """The accounts as clients and administrators see them. All calls raise Transient where the database is away."""

    async def get(self, user_id: UUID) -> Account | None:
        """The user's account, if there is one."""
        ...

    async def set_limit(self, user_id: UUID, limit_bytes: int, changed_by: UUID | None = None) -> Account:
        """Sets the limit, opening the account where there is none; a limit below what is used takes nothing back.

        `changed_by` is the administrator, who is noted for good.
        """
        ...


def utc_now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


class PgLedger:
    """Ledger on the tables of the service's own schema; any number of replicas may settle at once."""

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._pool = pool
        self._outbox = outbox
        self._now = now

    async def settle(self, batch: Sequence[Delivery[Fact]]) -> Sequence[Decided]:
        """See Ledger. Raises LedgerError where rules and database disagree."""
        try:
            async with transaction(self._pool) as connection:
                settlement, made = await self._settle(connection, batch)
                failpoint("quota.before_commit")
        except asyncpg.UniqueViolationError as error:
            raise Transient(f"another replica was first: {error}") from error
        except asyncpg.CheckViolationError as error:
            raise LedgerError(f"the rules allowed what the database refuses: {error}") from error
        count_decisions(made, self._now())
        if settlement.opened:
            self._outbox.wake()
        return settlement.decided

    async def _settle(
        self, connection: Connection, batch: Sequence[Delivery[Fact]]
    ) -> tuple[Settlement, Sequence[Reservation]]:
        """Beside the settlement all decisions that are made by it."""
        facts = [delivery.event for delivery in batch]
        users = {fact.user_id for fact in facts}
        accounts = await _lock_accounts(connection, users)
        rows = await _read_rows(connection, {fact.document_id for fact in facts if not isinstance(fact, Registered)})
        await _check_strangers(connection, users - accounts.keys())
        superseded = await _read_superseded(connection, rows.values())
        settlement = settle(accounts, rows, superseded, batch, self._now())
        await self._open(connection, settlement.opened)
        return settlement, await _write_rows(connection, settlement, rows)

    async def _open(self, connection: Connection, opened: dict[UUID, int]) -> None:
        """New accounts are told through the outbox: it alone keeps them in order with later changes of the limit."""
        if not opened:
            return
        rows = await connection.fetch(SQL["open_accounts"], list(opened), list(opened.values()))
        if len(rows) != len(opened):
            raise Transient("another replica opened one of the accounts first")
        await self._outbox.add(connection, [limit_message(LimitChange(**row)) for row in rows])


async def _lock_accounts(connection: Connection, users: set[UUID]) -> dict[UUID, Account]:
    rows = await connection.fetch(SQL["lock_accounts"], list(users))
    return {user_id: Account(used_bytes, limit_bytes) for user_id, used_bytes, limit_bytes in rows}


async def _check_strangers(connection: Connection, users: set[UUID]) -> None:
    """Rows are read later than accounts: of a user who has none, they must not be of a time when there was one."""
    if users and await connection.fetchval(SQL["any_account"], list(users)):
        raise Transient("another replica opened one of the accounts first")


async def _read_rows(connection: Connection, documents: set[UUID]) -> dict[str, Reservation]:
    if not documents:
        return {}
    rows = await connection.fetch(SQL["read_reservations"], list(documents))
    return {row["object_key"]: _reservation(row) for row in rows}


async def _read_superseded(connection: Connection, rows: Iterable[Reservation]) -> list[Reservation]:
    """Only rows that were decided more than once have earlier decisions, so mostly there is nothing to ask."""
    keys = [row.object_key for row in rows if row.version > 1]
    return [_reservation(row) for row in await connection.fetch(SQL["read_superseded"], keys)] if keys else []


def _reservation(row: asyncpg.Record) -> Reservation:
    fields: list[Any] = [*row.values()]  # in the order of the model's, the parts of the origin last
    fields[_ORIGIN:] = [Origin(*fields[_ORIGIN:])]
    return Reservation(*fields)


async def _write_rows(
    connection: Connection, settlement: Settlement, known: Mapping[str, Reservation]
) -> Sequence[Reservation]:
    """In the order the database insists on: history before what it leads to, what is given back before what is taken.

    Returns what was decided, all of it.

    The last two also move the accounts' bytes in use, and the update keeps what stood in the rows that it replaces
    (migrations/0003_balance.sql). So of history only that has to be told which never stood there.
    """
    unseen = [row for row in settlement.superseded if known.get(row.object_key) is not row]
    await _add_rows(connection, "superseded", unseen)
    await _update_rows(connection, [write for write in settlement.writes if write.replaces])
    await _add_rows(connection, "reservations", [write.row for write in settlement.writes if not write.replaces])
    return [*unseen, *(write.row for write in settlement.writes)]


async def _add_rows(connection: Connection, table: str, rows: Sequence[Reservation]) -> None:
    """By COPY, which costs less than half of INSERT on both sides; constraints are checked all the same.

    A unique violation means that another replica was first, which only happens to users who have no account to lock.
    """
    if rows:
        await connection.copy_records_to_table(table, columns=COLUMNS, records=map(values_of, rows))


async def _update_rows(connection: Connection, writes: Sequence[Write]) -> None:
    if not writes:
        return
    columns = zip(*[values_of(write.row) for write in writes], strict=True)
    status = await connection.execute(SQL["update_reservations"], *columns, [write.replaces for write in writes])
    if _count(status) != len(writes):
        raise Transient("another replica decided one of the keys first")


def _count(status: str) -> int:
    """The rows of a command tag, as in "UPDATE 3"."""
    return int(status.rsplit(" ", 1)[1])


class PgAccounts:
    """Accounts on the same tables."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], outbox: Outbox) -> None:
        self._pool = pool
        self._outbox = outbox

    async def get(self, user_id: UUID) -> Account | None:
        """See Accounts."""
        with translated():
            row = await self._pool.fetchrow(SQL["read_account"], user_id)
        return Account(**row) if row else None

    async def set_limit(self, user_id: UUID, limit_bytes: int, changed_by: UUID | None = None) -> Account:
        """See Accounts. A limit that is what it was says nothing to anyone."""
        async with transaction(self._pool) as connection:
            changed = await connection.fetchrow(SQL["set_limit"], user_id, limit_bytes, changed_by)
            if changed:
                await self._outbox.add(connection, [limit_message(LimitChange(**changed))])
            row = changed or (await connection.fetch(SQL["read_account"], user_id))[0]
        if changed:
            self._outbox.wake()
        return Account(row["used_bytes"], row["limit_bytes"])
