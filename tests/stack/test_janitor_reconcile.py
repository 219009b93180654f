"""The walk of a large bucket beside a real table: memory, a killed janitor, two at once, a database that goes away."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.chassis.jobs import run_jobs
from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, open_pool
from services.chassis.settings import DatabaseSettings
from services.janitor.reconcile import Reconciler
from services.janitor.reconcile_progress import Manner, Nowhere, Progress
from services.janitor.reconcile_rows import PgRows
from services.janitor.reconcile_rules import Difference, Kind
from tests.stack.chassis_servers import schema, until
from tests.stack.reconcile_replica import TOLD, WALKED, Telling, walk_job
from tests.stack.support.lazy_bucket import LazyBucket, fill, lazy_key

CHECKOUT = Path(__file__).parents[2]
MANY = int(os.environ.get("RECONCILE_OBJECTS", "100000"))
FEW = 20_000
PAGES_PER_SECOND = 10
MB = 10**6


@pytest.fixture
async def settings(stack: Any) -> AsyncIterator[DatabaseSettings]:
    """A janitor's schema of the test's own."""
    async with schema(stack) as settings:
        yield settings


@pytest.fixture
async def pool(settings: DatabaseSettings) -> AsyncIterator[Pool]:
    async with open_pool(settings) as pool:
        await migrate(pool, "services.janitor")
        await pool.execute(WALKED)
        await pool.execute(TOLD)
        yield pool


class Watched:
    """Listens to a walk: memory after a fifth of it, and the most after that; in bytes."""

    def __init__(self, objects: int) -> None:
        self._fifth = objects // 5
        self.objects = self.settled = self.most = 0
        self.kinds: set[Kind] = set()

    def found(self, difference: Difference) -> None:
        self.kinds.add(difference.kind)

    def passed(self, objects: int, progress: Progress) -> None:  # noqa: ARG002 - as the protocol has it
        self.objects += objects
        held = psutil.Process().memory_info().rss
        if self.objects <= self._fifth:
            self.settled = held
        self.most = max(self.most, held)


async def test_a_walk_takes_the_memory_of_a_page_however_large_the_bucket(pool: Pool) -> None:
    await fill(pool, MANY)
    watched = Watched(MANY)
    reconciler = Reconciler(LazyBucket(MANY), PgRows(pool, 60), Telling(pool), Manner(60, 1e9, 16), watched)
    progress = await reconciler.walk(Nowhere())
    result = progress.result()
    assert (result["objects"], result["different"], watched.kinds) == (MANY, MANY // 1000, {Kind.DIFFERENT})
    assert await pool.fetchval("SELECT count(DISTINCT key) FROM told") == MANY // 1000
    assert watched.most - watched.settled < 8 * MB


async def test_a_bucket_that_was_emptied_beside_many_rows_is_walked_in_the_same_memory(pool: Pool) -> None:
    await fill(pool, FEW)
    watched = Watched(FEW)
    manner = Manner(60, 1e9, 64, most_missing=FEW)
    reconciler = Reconciler(LazyBucket(1), PgRows(pool, 60), Telling(pool), manner, watched)
    result = (await reconciler.walk(Nowhere())).result()
    assert (result["objects"], result["missing"], watched.kinds) == (1, FEW - 1, {Kind.MISSING})
    assert await pool.fetchval("SELECT count(DISTINCT key) FROM told") == FEW - 1


@asynccontextmanager
async def process(settings: DatabaseSettings, who: str, objects: int = FEW) -> AsyncIterator[Any]:
    """A janitor that walks; killed at the end of the block where it still runs."""
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stack.reconcile_replica", who, str(objects), str(PAGES_PER_SECOND),
        env={
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}",
        },
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def _passed(pool: Pool, who: str) -> int:
    return int(await pool.fetchval("SELECT coalesce(max(objects), 0) FROM walked WHERE who = $1", who))


async def _result(pool: Pool) -> Any:
    found = await pool.fetchval("SELECT result FROM jobs WHERE name = 'reconcile' AND finished_at >= started_at")
    return None if found is None else json.loads(found)


async def _assert_all_told(pool: Pool) -> None:
    told = {row["key"] for row in await pool.fetch("SELECT key FROM told")}
    assert told == {lazy_key(number)[37:73] for number in range(7, FEW, 1000)}


async def test_a_janitor_killed_with_9_in_mid_walk_is_gone_on_with_where_it_was(
    settings: DatabaseSettings, pool: Pool
) -> None:
    await fill(pool, FEW)

    async def half_is_kept() -> bool:
        cursor = await pool.fetchval("SELECT cursor FROM jobs WHERE name = 'reconcile'")
        return cursor is not None and json.loads(cursor)["counts"]["objects"] >= FEW // 2

    async with process(settings, "killed") as killed:
        await until(half_is_kept, 60)
        killed.kill()
        await killed.wait()
    kept = json.loads(await pool.fetchval("SELECT cursor FROM jobs WHERE name = 'reconcile'"))["counts"]["objects"]
    async with process(settings, "heir"):
        await until(lambda: _is_done(pool), 60)
    assert (await _result(pool))["objects"] == FEW
    assert 0 < await _passed(pool, "heir") <= FEW - kept
    await _assert_all_told(pool)


async def _is_done(pool: Pool) -> bool:
    return await _result(pool) is not None


async def test_two_janitors_walk_once(settings: DatabaseSettings, pool: Pool) -> None:
    await fill(pool, FEW)
    async with AsyncExitStack() as both:
        for who in ("one", "other"):
            await both.enter_async_context(process(settings, who))
        await until(lambda: _is_done(pool), 60)
    walked = await pool.fetch("SELECT DISTINCT who FROM walked")
    assert len(walked) == 1
    assert await pool.fetchval("SELECT count(*) FROM told") == FEW // 1000
    await _assert_all_told(pool)


async def test_a_database_that_cuts_its_sessions_in_mid_walk_delays_it(settings: DatabaseSettings, pool: Pool) -> None:
    await fill(pool, FEW)
    stop = asyncio.Event()
    async with open_pool(settings) as own:
        walking = asyncio.create_task(run_jobs(own, [walk_job(own, "cut", FEW, PAGES_PER_SECOND)], stop))
        for part in (5000, 10_000):
            await until(partial(_has_passed, pool, part), 60)
            await pool.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE pid <> pg_backend_pid() AND application_name = 'docuvault'"""
            )
        await until(lambda: _is_done(pool), 60)
        stop.set()
        await walking
    assert (await _result(pool))["objects"] == FEW
    await _assert_all_told(pool)


async def _has_passed(pool: Pool, objects: int) -> bool:
    return await _passed(pool, "cut") >= objects
