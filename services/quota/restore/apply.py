"""The ledger's tables, brought back in one transaction of the caller's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from uuid import UUID

from services.chassis.delivery import Record
from services.chassis.outbox import Outbox
from services.chassis.postgres import Connection, load_sql
from services.quota.events import LimitChange, limit_message
from services.quota.model import Reservation
from services.quota.restore.limits import Account, Chain, Change, Granted, chain_of
from services.quota.restore.reading import LimitSaid, read
from services.quota.store import COLUMNS, values_of

SQL = load_sql("services.quota.restore")
ORDER = ("restore_drop_known", "restore_drop_contradictions", "restore_drop_repetitions")
LimitsSaid = dict[UUID, list[LimitSaid]]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back: decisions and the keys they are about, accounts that were opened, changes of limits.

    `missing` are decisions and changes that could not be placed, since one before them is not known.
    """

    decisions: int
    keys: int
    accounts: int
    limits: int
    missing: int


@dataclass(frozen=True, slots=True)
class Paid:
    """A key that bytes are reserved for."""

    document_id: UUID
    user_id: UUID
    object_key: str
    decided_at: datetime


async def restore(connection: Connection, said: AsyncIterator[Sequence[Record]]) -> Restored:
    """Takes the records of topic `quota` since before the backup, and makes them rows; done again, it does nothing.

    In the caller's transaction, with no service at work. Raises asyncpg.CheckViolationError where what was said cannot
    all be true, which takes decisions that are missing.
    """
    await connection.execute(SQL["restore_lock"])
    await connection.execute(SQL["restore_stage"])
    limits = await _stage(connection, said)
    missing = await _accept(connection)
    chains = await _chains(connection, limits)
    counts = (await connection.fetch(SQL["restore_count"]))[0]
    opened = await _change(connection, [chain.changes[: chain.high] for chain in chains])
    await connection.execute(SQL["restore_superseded"])
    for holds_more in (False, True):
        await connection.execute(SQL["restore_step"], holds_more)
    await connection.execute(SQL["restore_add"])
    await connection.execute(SQL["restore_unstage"])
    opened += await _change(connection, [chain.changes[chain.high :] for chain in chains])
    changed = sum(len(chain.changes) for chain in chains)
    missing += sum(chain.missing for chain in chains)
    return Restored(counts["decisions"], counts["keys"], opened, changed - opened, missing)


async def _stage(connection: Connection, said: AsyncIterator[Sequence[Record]]) -> LimitsSaid:
    """Puts the decisions into the table `restoring`; the changes of limits, which are few, by user."""
    limits: LimitsSaid = defaultdict(list)
    async for records in said:
        found = [*map(read, records)]
        rows = [each for each in found if isinstance(each, Reservation)]
        if rows:
            await connection.copy_records_to_table("restoring", columns=COLUMNS, records=map(values_of, rows))
        for each in found:
            if isinstance(each, LimitSaid):
                limits[each.user_id].append(each)
    return limits


async def _accept(connection: Connection) -> int:
    """Leaves what is news, each decision once, and follows from what is known; how many do not."""
    await connection.execute(SQL["restore_stage_index"])
    await connection.execute(SQL["restore_analyze"])
    for name in ORDER:
        await connection.execute(SQL[name])
    status = await connection.execute(SQL["restore_drop_orphans"])
    await connection.execute(SQL["restore_fill_etags"])
    return int(status.rsplit(" ", 1)[1])


async def _chains(connection: Connection, said: LimitsSaid) -> Sequence[Chain]:
    granted: dict[UUID, list[Granted]] = defaultdict(list)
    for row in await connection.fetch(SQL["restore_granted"]):
        granted[row["user_id"]].append(Granted(row["limit_bytes"], row["decided_at"]))
    users = sorted(said.keys() | granted.keys())
    rows = await connection.fetch(SQL["restore_accounts"], users)
    accounts = {row["user_id"]: Account(row["version"], row["limit_bytes"]) for row in rows}
    return [chain_of(user, accounts.get(user), said.get(user, ()), granted.get(user, ())) for user in users]


async def _change(connection: Connection, changes: Iterable[Sequence[Change]]) -> int:
    """Each user's changes in their order; how many accounts were opened by them."""
    opened = 0
    for turn in zip_longest(*changes):
        each = [change for change in turn if change is not None]
        told = {change.user_id for change in each if change.said}
        columns = zip(*[(change.user_id, change.limit_bytes, change.changed_at) for change in each], strict=True)
        done = [LimitChange(**row) for row in await connection.fetch(SQL["restore_limits"], *map(list, columns))]
        await Outbox().add(connection, [limit_message(one) for one in done if one.user_id not in told])
        opened += sum(one.version == 1 for one in done)
    return opened


async def paid_since(connection: Connection, since: datetime) -> AsyncIterator[Paid]:
    """The keys that bytes were reserved for since then."""
    async for row in connection.cursor(SQL["restore_paid"], since):
        yield Paid(**dict(row))


async def knows(connection: Connection, records: Sequence[Record]) -> bool:
    """Whether the records tell decisions, and the ledger knows them all."""
    rows = [said for record in records if isinstance(said := read(record), Reservation)]
    columns = [[row.document_id for row in rows], [row.object_key for row in rows], [row.version for row in rows]]
    return bool(rows) and not await connection.fetchval(SQL["restore_unknown"], *columns)


async def newest_decision(connection: Connection) -> datetime | None:
    """When the ledger decided last."""
    found: datetime | None = await connection.fetchval(SQL["restore_newest"])
    return found
