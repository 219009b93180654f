"""Another release comes up beside the running one, under load, on a ledger with rows: a migration ahead, or behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.support.load import Load
from tests.faults.support.oracle import assert_at_rest
from tests.faults.support.plans import Plan
from tests.faults.support.running import under
from tests.faults.support.site import Site
from tests.faults.support.tomorrow import applied, columns, ready, release, said, started, undo
from tests.stack.support.releases import NoHistoryError, release_before

GATE = "LOCK TABLE accounts IN EXCLUSIVE MODE;"
"""As every migration of the ledger starts, see services/quota/README.md."""
ADDED = (
    GATE + "ALTER TABLE reservations ADD COLUMN note text NOT NULL DEFAULT 'none';"
    "SELECT pg_sleep(1);"
    "ALTER TABLE superseded ADD COLUMN note text NOT NULL DEFAULT 'none';"
)
BROKEN = GATE + "ALTER TABLE reservations ADD COLUMN broken text; SELECT pg_sleep(1); SELECT 1 / 0;"
PUTS = 20


async def test_two_replicas_of_the_next_release_migrate_once_beside_the_running_one(site: Site, tmp_path: Path) -> None:
    code = release(tmp_path, "0099_note.sql", ADDED)
    load = Load(site.api, Plan(users=6, uploads=200, seed=11, pause=0.1))
    try:
        async with under(load):
            await load.has_put(PUTS)
            async with started(site, code, count=2) as tomorrow:
                await ready(site, tomorrow)
                await load.has_put(2 * PUTS)
            await load.has_put(PUTS)
        assert said(code).count("0099_note.sql") == 1
        assert (await applied(site, "0099_note.sql"), await columns(site, "note")) == (1, 2)
        await assert_at_rest(site, load)
    finally:
        await undo(
            site,
            "ALTER TABLE quota.reservations DROP COLUMN IF EXISTS note",
            "ALTER TABLE quota.superseded DROP COLUMN IF EXISTS note",
            "DELETE FROM quota.schema_migrations WHERE name = '0099_note.sql'",
        )


async def test_a_migration_that_fails_half_way_leaves_nothing_and_holds_nobody_up(site: Site, tmp_path: Path) -> None:
    code = release(tmp_path, "0099_broken.sql", BROKEN)
    load = Load(site.api, Plan(users=6, uploads=200, seed=12, pause=0.1))
    async with under(load):
        await load.has_put(PUTS)
        async with started(site, code, count=2) as tomorrow:
            codes = await asyncio.wait_for(asyncio.gather(*(each.wait() for each in tomorrow)), 60)
        await load.has_put(PUTS)
    assert 0 not in codes
    assert said(code).count("0099_broken.sql failed and was rolled back: division by zero") >= 2
    assert (await applied(site, "0099_broken.sql"), await columns(site, "broken")) == (0, 0)
    await assert_at_rest(site, load)


async def test_the_release_before_the_ledgers_newest_migration_decides_beside_this_one(
    site: Site, tmp_path: Path
) -> None:
    """As it does while this one is rolled out, and when it is rolled back: on a schema that is newer than its code."""
    try:
        code = release_before("quota", tmp_path / "before")
    except NoHistoryError as error:
        pytest.skip(str(error))
    load = Load(site.api, Plan(users=6, uploads=200, seed=13, pause=0.1))
    async with under(load):
        await load.has_put(PUTS)
        async with started(site, code, count=2) as before:
            await ready(site, before)
            await load.has_put(3 * PUTS)
        await load.has_put(PUTS)
    assert said(code).count('"quota.batch_settled"') > 1
    await assert_at_rest(site, load)
