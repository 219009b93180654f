"""What the janitor knows of uploads that wait, on a real PostgreSQL: what is due, what is over, what is forgotten."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from docuvault_contracts.cloudevents import Message

from services.chassis.jobs import Job, run_now
from services.chassis.migrations import migrate, read_migrations
from services.chassis.postgres import Pool, open_pool
from services.chassis.storage import ObjectStat
from services.janitor.decide import Due, Fact, Finding, Patience
from services.janitor.jobs import expiry_job
from services.janitor.looks import Looked, PgLooks
from services.janitor.settings import Settings
from services.janitor.store import PgObjects
from services.janitor.sweep import SLICE, Sweep
from tests.stack.chassis_servers import schema
from tests.stack.support.uploads import NOW, Upload

HOUR = timedelta(hours=1)
PATIENCE = Patience(age=HOUR, grace=HOUR / 4, every=HOUR / 2)
PENDING = 100 * SLICE
ROOM_BYTES = 8 * 1024 * 1024
"""What a sweep of any number of uploads may take: that of some slices. The rows of all would take three times that."""


@dataclass
class Rows:
    """The janitor's rows, and those who write them."""

    pool: Pool
    settings: Settings
    objects: PgObjects
    looks: PgLooks

    async def learn(self, *facts: Fact) -> None:
        await self.objects.learn(facts, NOW)

    async def due(self) -> list[Due]:
        return await self.looks.due(await self.looks.now(), 100)

    async def row(self, upload: Upload) -> asyncpg.Record:
        row = await self.pool.fetchrow("SELECT * FROM objects WHERE object_key = $1", upload.key)
        assert row is not None
        return row

    async def count(self) -> int:
        return int(await self.pool.fetchval("SELECT count(*) FROM objects"))


@pytest.fixture
async def rows(stack: Any) -> AsyncIterator[Rows]:
    async with schema(stack) as database, open_pool(database) as pool:
        await migrate(pool, "services.janitor")
        settings = Settings.model_validate(
            {
                "database_url": database.database_url.get_secret_value(),
                "minio_access_key": "nobody",
                "minio_secret_key": "nothing",
            }
        )
        yield Rows(pool, settings, PgObjects(pool, PATIENCE), PgLooks(pool))


def ago(hours: float) -> datetime:
    return datetime.now(UTC) - hours * HOUR


async def test_uploads_are_due_by_the_databases_clock_the_longest_waiting_first(rows: Rows) -> None:
    first, second, later = Upload.fresh(), Upload.fresh(), Upload.fresh()
    await rows.learn(second.requested(ago(2)), first.requested(ago(3)), later.requested(ago(0.9)))
    assert [due.object_key for due in await rows.due()] == [first.key, second.key]


async def test_a_replica_whose_clock_is_an_hour_ahead_takes_no_living_url_for_dead(rows: Rows) -> None:
    """Its clock is written beside what it learns, and decides nothing."""
    upload = Upload.fresh()
    await rows.objects.learn([upload.requested(ago(0.1))], datetime.now(UTC) + HOUR)
    assert await rows.due() == []


async def test_what_is_heard_while_it_is_looked_up_is_not_overwritten(rows: Rows) -> None:
    decided, reminded = Upload.fresh(), Upload.fresh()
    await rows.learn(decided.requested(ago(3)), reminded.requested(ago(2)))
    due = await rows.due()
    await rows.learn(decided.reserved(), reminded.requested(ago(2), reminded_at=ago(2)))
    await rows.looks.mark([Looked(each, None, Finding.ABANDONED, None) for each in due])
    after = await rows.row(decided)
    assert (after["ledger"], after["abandoned_at"], after["look_at"]) == ("reserved", None, None)
    assert [each.object_key for each in await rows.due()] == [reminded.key]


async def test_an_abandoned_upload_is_due_no_more_and_bytes_that_come_after_all_revive_it(rows: Rows) -> None:
    upload = Upload.fresh()
    await rows.learn(upload.requested(ago(3)))
    await rows.looks.mark([Looked(each, None, Finding.ABANDONED, None) for each in await rows.due()])
    assert await rows.due() == []
    assert (await rows.row(upload))["abandoned_at"] is not None
    await rows.learn(upload.reserved())
    after = await rows.row(upload)
    assert (after["state"], after["abandoned_at"], after["etag"], after["size_bytes"]) == ("keep", None, "e", 5)


async def test_what_is_over_for_longer_than_its_retention_is_forgotten_and_nothing_else(rows: Rows) -> None:
    refused, abandoned, young, ordered, paid, waits = (Upload.fresh() for _ in range(6))
    await rows.learn(
        refused.rejected(), young.rejected(), ordered.rejected(), paid.reserved(), waits.requested(ago(0.5))
    )
    await rows.learn(abandoned.requested(ago(3)))
    await rows.looks.mark([Looked(each, None, Finding.ABANDONED, None) for each in await rows.due()])
    orders = await rows.objects.learn([refused.rejected(), young.rejected()], NOW)
    await rows.objects.mark_removed(orders, datetime.now(UTC))
    for upload in (refused, abandoned, ordered, paid, waits):
        await rows.pool.execute(
            """UPDATE objects SET removed_at = removed_at - interval '41 days', changed_at = now() - interval '41 days',
               abandoned_at = abandoned_at - interval '41 days' WHERE object_key = $1""",
            upload.key,
        )
    assert await run_now(rows.pool, expiry_job(rows.settings, rows.looks), 0) == {"expired": 2}
    left = {row["object_key"] for row in await rows.pool.fetch("SELECT object_key FROM objects")}
    assert left == {young.key, ordered.key, paid.key, waits.key}


async def test_many_are_forgotten_in_batches(rows: Rows) -> None:
    await _insert(rows, 2500, "abandoned_at", "now() - interval '41 days'")
    assert await rows.looks.forget(40 * 86_400, 1000) == 1000
    assert await run_now(rows.pool, expiry_job(rows.settings, rows.looks), 0) == {"expired": 1500}


async def test_rows_of_before_know_what_was_decided_about_them_but_not_what_is_held(stack: Any) -> None:
    first, second = read_migrations("services.janitor")[:2]
    async with schema(stack) as database, open_pool(database) as pool:
        await pool.execute(first.sql)
        await pool.executemany(
            "INSERT INTO objects (object_key, document_id, user_id, version, state, cause, deleted, removed_at) "
            "VALUES ($1, gen_random_uuid(), gen_random_uuid(), $2, $3, $4, $5, $6)",
            [
                ("a", 3, "keep", None, False, None),
                ("b", 1, "removed", "quota.rejected", False, NOW),
                ("c", 2, "remove", "document.deleted", True, None),
                ("d", 0, "remove", "document.deleted", True, None),
            ],
        )
        await pool.execute(second.sql)
        found = await pool.fetch("SELECT ledger, etag, look_at FROM objects ORDER BY object_key")
    assert [row["ledger"] for row in found] == ["reserved", "rejected", "released", None]
    assert {(row["etag"], row["look_at"]) for row in found} == {(None, None)}


@dataclass
class EveryThird:
    """A store that holds the bytes of every third upload, and a producer that keeps no more than how much was said."""

    looked: int = 0
    said: int = 0
    batches: list[int] = field(default_factory=list)

    async def stat_object(self, object_key: str) -> ObjectStat | None:  # noqa: ARG002 - as the protocol has it
        self.looked += 1
        return ObjectStat(5, "e", 1) if self.looked % 3 == 0 else None

    async def publish(self, messages: Sequence[Message], /) -> None:
        self.batches.append(len(messages))
        self.said += len(messages)


async def test_any_number_of_uploads_is_swept_in_slices_and_in_the_memory_of_a_few(rows: Rows) -> None:
    await _insert(rows, PENDING, "look_at", "now() - interval '1 hour'")
    world = EveryThird()
    tracemalloc.start()
    try:
        restless = Sweep(rows.looks, world, world, PATIENCE, rows.settings.looks_at_once, rests=0)
        swept = await run_now(rows.pool, Job("sweep", 60, restless), 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert swept == {"cleaned": PENDING - PENDING // 3, "healed": PENDING // 3, "asked": 0}
    assert world.said == PENDING
    assert max(world.batches) == SLICE
    assert peak < ROOM_BYTES
    assert await rows.pool.fetchval("SELECT count(*) FROM objects WHERE abandoned_at IS NULL") == PENDING // 3


async def _insert(rows: Rows, count: int, column: str, value: str) -> None:
    await rows.pool.execute(
        f"""INSERT INTO objects (object_key, document_id, user_id, requested_at, expires_at, {column})
            SELECT 'key ' || n, gen_random_uuid(), gen_random_uuid(), now() - interval '40 days',
                   now() - interval '39 days', {value}
            FROM generate_series(1, $1) AS n""",  # noqa: S608 - the tests' own
        count,
    )
