"""Totals that are not the sum of their rows: found, proved under the account's lock, and repaired where that is right.

The triggers allow no such total (migrations/0003_balance.sql), so it was made by a hand that switched them off, by a
restore, or by a migration. A repair is a line in the journal `repairs`, which the database itself carries out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import asyncpg

from services.chassis.postgres import Connection, load_sql, transaction, translated
from services.quota.drift_rules import USER_CHARS, Drift, Entry, Proof

SQL = load_sql("services.quota")
SLICE = 100
"""Accounts that are proved at once, and locked at once: their rows are found by one look at all rows there are."""
SCAN_SECONDS = 300.0
"""Longest time of a statement that looks at all rows."""
PREFETCH_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """A drift, and what was done about it: `repaired`, `refused`, or only `found`."""

    drift: Drift
    done: Literal["found", "repaired", "refused"]


async def find_drift(
    pool: asyncpg.Pool[asyncpg.Record], *, repair: bool, by: str
) -> AsyncGenerator[list[Finding], None]:
    """Every account that differs from its rows, a slice at a time; put right where `repair`, in a line signed `by`.

    Memory stays flat, however many there are. What no longer differs when it is looked at again is not in. Raises
    Transient. Close it with `aclosing` where it may be left before its end.
    """
    async with transaction(pool) as connection:
        await _give_time(connection)
        cursor = await connection.cursor(SQL["find_drift"], timeout=SCAN_SECONDS)
        while rows := await cursor.fetch(SLICE, timeout=SCAN_SECONDS):
            drifts = await _prove(pool, [row["user_id"] for row in rows])
            yield await _repair(pool, drifts, by) if repair else [Finding(each, _outlook(each)) for each in drifts]


async def look_again(pool: asyncpg.Pool[asyncpg.Record]) -> None:
    """Makes the job look now, so that what it says of totals, a gauge and an alert by it, is of after a repair."""
    with translated():
        await pool.execute(SQL["look_again"])


def _outlook(drift: Drift) -> Literal["found", "refused"]:
    return "found" if drift.refusal is None else "refused"


async def _prove(pool: asyncpg.Pool[asyncpg.Record], users: Sequence[UUID]) -> list[Drift]:
    """What differs of `users`, and whether it may be repaired: by one snapshot, without a lock."""
    async with transaction(pool) as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await _give_time(connection)
        used = {row["user_id"]: row["used_bytes"] for row in await connection.fetch(SQL["read_accounts"], users)}
        proofs = {str(user): Proof(user, used.get(user)) for user in users}
        async with aclosing(_histories(connection, users)) as histories:
            async for history in histories:
                for user in _concerned(history) & proofs.keys():
                    proofs[user].see(history)
    return [found for proof in proofs.values() if (found := proof.verdict()) is not None]


def _concerned(history: Sequence[Entry]) -> set[str]:
    """At whose expense the decisions about a key are, and whose key it is."""
    return {str(each.user_id) for each in history} | {history[0].object_key[:USER_CHARS]}


async def _histories(connection: Connection, users: Sequence[UUID]) -> AsyncGenerator[list[Entry], None]:
    """The rows of each key that is of one of `users`, or at the expense of one, by version."""
    texts = [str(user) for user in users]
    rows = connection.cursor(SQL["read_histories"], users, texts, prefetch=PREFETCH_ROWS, timeout=SCAN_SECONDS)
    history: list[Entry] = []
    async for row in rows:
        entry = Entry(*row.values())
        if history and history[0].object_key != entry.object_key:
            yield history
            history = []
        history.append(entry)
    if history:
        yield history


async def _repair(pool: asyncpg.Pool[asyncpg.Record], drifts: Sequence[Drift], by: str) -> list[Finding]:
    """Those that may be: by the numbers of after the lock, which no batch moves until the transaction ends."""
    refused = [Finding(each, "refused") for each in drifts if each.refusal is not None]
    async with transaction(pool) as connection:
        await _give_time(connection)
        found = await _lock(connection, [each for each in drifts if each.refusal is None])
        await _add_repairs(connection, found, by)
    return [*refused, *(Finding(each, "repaired") for each in found)]


async def _lock(connection: Connection, drifts: Sequence[Drift]) -> list[Drift]:
    """What of `drifts` differs still, once no batch can move it."""
    users = [each.user_id for each in drifts]
    accounts = await connection.fetch(SQL["lock_accounts"], users, timeout=SCAN_SECONDS)
    sums = await connection.fetch(SQL["sum_reservations"], users, timeout=SCAN_SECONDS)
    used = {row["user_id"]: row["used_bytes"] for row in accounts}
    held = {row["user_id"]: int(row["bytes"]) for row in sums}
    now = [replace(each, used_bytes=used[each.user_id], reserved_bytes=held.get(each.user_id, 0)) for each in drifts]
    return [each for each in now if each.used_bytes != each.reserved_bytes]


async def _add_repairs(connection: Connection, drifts: Sequence[Drift], by: str) -> None:
    """The journal's own trigger moves the totals, having looked for itself."""
    columns = zip(*((each.user_id, each.used_bytes, each.reserved_bytes, each.why) for each in drifts), strict=True)
    if drifts:
        await connection.execute(SQL["add_repairs"], *columns, by, timeout=SCAN_SECONDS)


async def _give_time(connection: Connection) -> None:
    """To this transaction: it looks at all rows, or waits for another that does."""
    await connection.execute(SQL["give_time"], str(int(SCAN_SECONDS * 1000)))
