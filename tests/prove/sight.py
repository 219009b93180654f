"""What stands in the ledger's tables, read past the ledger, and what must be true of it whatever came before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from services.chassis.outbox import message_of
from tests.prove.facts import Origin
from tests.prove.records import read_message
from tests.prove.spec import Book, Row

ACCOUNTS = "SELECT user_id, used_bytes, limit_bytes, version FROM accounts WHERE user_id = ANY ($1::uuid[])"
ROWS = """
SELECT object_key, user_id, state, version, size_bytes, etag, observed_ns, reason,
    ROW(origin_topic, origin_partition, origin_offset, origin_index) AS by,
    ARRAY(
        SELECT ROW(version, observed_ns, etag, ROW(origin_topic, origin_partition, origin_offset, origin_index))
        FROM superseded AS past WHERE past.object_key = now.object_key ORDER BY version
    ) AS past
FROM reservations AS now JOIN unnest($1::uuid[]) AS asked (document_id) USING (document_id)
"""
OUTBOX = "WITH gone AS (DELETE FROM outbox RETURNING *) SELECT topic, key, value, headers FROM gone ORDER BY id"


@dataclass(slots=True)
class OfUser:
    """One user's account (used, limit, changes), rows by key, and what waits to be told of the limit."""

    account: tuple[int, int, int] | None = None
    rows: dict[str, tuple[object, ...]] = field(default_factory=dict)
    past: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)

    def hold(self, used_before: int, limit_before: int) -> None:
        """What no history may break: sums, limits, and that no decision is lost or made twice."""
        used, limit, _ = self.account or (0, 0, 0)
        assert used == sum(_size(row) for row in self.rows.values())
        assert used >= 0
        limits = [limit, limit_before, *(told["data"]["limit_bytes"] for told in self.told)]  # of all that it has been
        assert used <= max(limits) or used <= used_before, f"reserved above the limit: {used} of {limit}"
        assert {key: len(past) + 1 for key, past in self.past.items()} == {
            key: row[1] for key, row in self.rows.items()
        }


def _size(row: tuple[object, ...]) -> int:
    size = row[2]
    assert isinstance(size, int)
    return size


class Sight:
    """All users' at once."""

    def __init__(self) -> None:
        self._users: dict[UUID, OfUser] = {}

    def of(self, user: UUID) -> OfUser:
        return self._users.setdefault(user, OfUser())

    @staticmethod
    def expected(book: Book, told: Sequence[dict[str, Any]]) -> OfUser:
        """What must be seen of the user of `book`."""
        account = None if book.limit is None else (book.used, book.limit, book.changes)
        past = {key: _past(row) for key, row in book.rows.items()}
        return OfUser(account, {key: _plain(row) for key, row in book.rows.items()}, past, [*told])


def _plain(row: Row) -> tuple[object, ...]:
    return row.state, row.version, row.size, row.etag, row.seen, row.reason, _record(row.by)


def _past(row: Row) -> list[tuple[object, ...]]:
    return [(version, seen, etag, _record(by)) for version, (seen, etag, by) in enumerate(row.past, 1)]


def _record(by: Origin | None) -> tuple[object, ...]:
    assert by is not None, "somebody decided"
    return by.topic, by.partition, by.offset, by.index


async def look(pool: asyncpg.Pool[asyncpg.Record], documents: Mapping[UUID, Sequence[UUID]]) -> Sight:
    """Reads the users' accounts, the rows of their `documents`, and empties the outbox."""
    seen = Sight()
    async with pool.acquire() as connection:
        for row in await connection.fetch(ACCOUNTS, list(documents)):
            seen.of(row["user_id"]).account = row["used_bytes"], row["limit_bytes"], row["version"]
        for row in await connection.fetch(ROWS, [each for mine in documents.values() for each in mine]):
            key, user, *plain, by, past = row
            seen.of(user).rows[key] = (*plain, tuple(by))
            seen.of(user).past[key] = [(*before, tuple(decider)) for *before, decider in past]
        for row in await connection.fetch(OUTBOX):
            told = read_message(message_of(row))
            seen.of(UUID(told["data"]["user_id"])).told.append(told)
    return seen
