"""A ledger with rows of the first release, brought up to date: nothing it knew changes, and it goes on deciding."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, open_pool
from services.quota.model import Fact
from tests.stack.chassis_servers import schema, unique
from tests.stack.quota_ledger import Replica, deleted, delivery, observed, states
from tests.stack.test_ledger_schema import GOOD, insert

FIRST = "0001_ledger.sql"


@pytest.fixture
async def pool(stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pool]:
    """A schema as the first release left it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    package = unique("first").replace("-", "_")
    folder = tmp_path / package / "migrations"
    await asyncio.to_thread(folder.mkdir, parents=True)
    (folder.parent / "__init__.py").touch()
    (folder / FIRST).write_text((files("services.quota") / "migrations" / FIRST).read_text("utf-8"))
    async with schema(stack) as settings, open_pool(settings) as pool:
        await migrate(pool, package)
        yield pool


async def test_rows_of_the_first_release_stay_as_they_are_and_are_decided_on(pool: Pool) -> None:
    user = uuid4()
    old = [observed(user, size) for size in (10, 20, 30)]
    await pool.execute("INSERT INTO accounts (user_id, used_bytes, limit_bytes) VALUES ($1, 60, 100)", user)
    for fact in old:
        row = {"user_id": user, "document_id": fact.document_id, "object_key": fact.object_key, "etag": fact.etag}
        await insert(pool, "reservations", GOOD | row | {"size_bytes": fact.size_bytes, "observed_ns": 100})
    before = await _rows(pool)

    await migrate(pool, "services.quota")

    assert await _rows(pool) == before
    replica = Replica(pool)
    assert await replica.used(user) == 60
    facts: list[Fact] = [
        observed(user, 15, "b", 200, like=old[0]),
        deleted(old[1]),
        observed(user, 55),
        observed(user, 56),
    ]
    decided = await replica.settle([delivery(fact) for fact in facts])
    assert states(decided) == ["reserved", "released", "reserved", "rejected"]
    assert await replica.used(user) == 15 + 30 + 55
    assert await pool.fetchval("SELECT count(*) FROM superseded") == 2


async def _rows(pool: Pool) -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch("SELECT * FROM reservations ORDER BY object_key")]
