"""What the janitor has heard of the keys of a range, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from services.chassis.postgres import load_sql, translated
from services.janitor.decide import Ledger, State
from services.janitor.reconcile_rules import Range, Row

SQL = load_sql("services.janitor")
STATES, LEDGERS = {each.value: each for each in State}, {each.value: each for each in Ledger}
LAST = "\U0010ffff"
"""Comes after every key."""


class PgRows:
    """Rows of a range; `grace_seconds` ago is long ago, by the database's clock."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], grace_seconds: float) -> None:
        self._pool = pool
        self._grace_seconds = grace_seconds

    async def between(self, wanted: Range, most: int) -> Sequence[Row]:
        """The first `most` rows, in the order of their keys. Raises Transient."""
        until = LAST if wanted.until is None else wanted.until
        with translated():
            found = await self._pool.fetch(SQL["rows_between"], wanted.after, until, self._grace_seconds, most)
        return [_row(*each) for each in found]


def _row(  # noqa: PLR0913, PLR0917 - the columns of sql/rows_between.sql, in their order
    object_key: str,
    document_id: UUID,
    user_id: UUID,
    state: str,
    ledger: str | None,
    etag: str | None,
    size_bytes: int | None,
    long_ago: bool,  # noqa: FBT001
) -> Row:
    newest = None if ledger is None else LEDGERS[ledger]
    return Row(object_key, document_id, user_id, STATES[state], newest, etag, size_bytes, long_ago)
