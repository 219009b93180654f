"""A ledger that goes on and the backup of it that ends at some moment, and what the one has said for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from docuvault_contracts.cloudevents import Message

from services.chassis.delivery import Delivery, Record
from services.quota.events import decision_message
from services.quota.model import Fact
from services.quota.restore.apply import Restored, restore
from services.quota.store import PgLedger
from tests.stack.quota_ledger import Replica, delivery

START = datetime(2026, 1, 2, tzinfo=UTC)
PARTITIONS = 6
WHAT = (
    "object_key, document_id, user_id, state, version, size_bytes, rejected_bytes, released_bytes, etag, observed_ns,"
    " reason, used_bytes, limit_bytes, decided_at"
)
TABLES = {
    "accounts": "user_id, used_bytes, limit_bytes, version",
    "reservations": WHAT,
    "superseded": WHAT,
}


@dataclass
class Ledgers:
    """The ledger that goes on, and the backup of it that ends at some moment; both live through the same until then."""

    now: Replica
    backup: Replica
    cut: bool = False
    said: list[Message] = field(default_factory=list)
    facts: list[Delivery[Fact]] = field(default_factory=list)
    ticks: int = 0

    async def settle(self, *facts: Fact) -> list[str]:
        """The states that were decided."""
        self.ticks += 1
        batch = [delivery(fact) for fact in facts]
        self.facts += batch
        told = [await self._settle(replica, batch) for replica in self._alive()]
        self.said += told[0][1]
        return told[0][0]

    async def _settle(self, replica: Replica, batch: Sequence[Delivery[Fact]]) -> tuple[list[str], list[Message]]:
        now = START + timedelta(seconds=self.ticks)
        decided = await PgLedger(replica.pool, replica.outbox, lambda: now).settle(batch)
        return [each.decision.state for each in decided], [decision_message(each) for each in decided]

    async def limit(self, user: UUID, limit: int) -> None:
        for replica in self._alive():
            await replica.accounts.set_limit(user, limit)

    def _alive(self) -> Sequence[Replica]:
        return (self.now,) if self.cut else (self.now, self.backup)

    def records(self) -> list[Record]:
        """All that the ledger that goes on has said, as the topic holds it: in order by partition alone."""
        messages = [*self.said, *self.now.outbox.added]
        found = [
            Record("quota", each.key[-1] % PARTITIONS, offset, each.key, each.value, each.headers, 0)
            for offset, each in enumerate(messages)
        ]
        return sorted(found, key=lambda record: record.partition)

    async def restore(self, records: Sequence[Record] | None = None) -> Restored:
        """The backup, brought to what the other one is."""
        told = self.records() if records is None else records
        async with self.backup.pool.acquire() as connection, connection.transaction():
            return await restore(connection, in_parts(told))

    async def rows(self, replica: Replica) -> dict[str, set[tuple[object, ...]]]:
        return {
            table: {tuple(row.values()) for row in await replica.pool.fetch(f"SELECT {columns} FROM {table}")}  # noqa: S608
            for table, columns in TABLES.items()
        }

    async def assert_alike(self) -> None:
        assert await self.rows(self.backup) == await self.rows(self.now)


async def in_parts(records: Sequence[Record], size: int = 7) -> AsyncIterator[Sequence[Record]]:
    for at in range(0, len(records), size):
        yield records[at : at + size]
