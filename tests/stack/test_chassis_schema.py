"""Who migrates: each replica as it starts, or a job of its own, for which replicas of the next release wait."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.chassis.migrations import MigrationError, migrate
from services.chassis.postgres import Pool, open_pool
from services.chassis.schema import pending, prepare
from services.chassis.settings import DatabaseSettings
from tests.stack.chassis_servers import schema
from tests.stack.test_chassis_postgres import Service

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def settings(stack: Any) -> AsyncIterator[DatabaseSettings]:
    async with schema(stack) as found:
        yield found.model_copy(update={"migrate": "never", "schema_wait_seconds": 20.0})


@pytest.fixture
async def pool(settings: DatabaseSettings) -> AsyncIterator[Pool]:
    async with open_pool(settings) as found:
        yield found


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.syspath_prepend(str(tmp_path))
    made = Service(tmp_path)
    made.write("0001_things.sql", "CREATE TABLE things (id int)")
    made.write("0002_fill.sql", "INSERT INTO things VALUES (1)")
    return made


async def test_a_replica_that_may_not_migrate_waits_until_somebody_else_has(
    pool: Pool, settings: DatabaseSettings, service: Service
) -> None:
    start = asyncio.create_task(prepare(pool, service.name, settings))
    done, _ = await asyncio.wait({start}, timeout=1.2)
    assert not done
    assert await pool.fetchval("SELECT to_regclass('things') IS NULL")
    await migrate(pool, service.name)
    await asyncio.wait_for(start, 10)


async def test_a_schema_that_stays_older_than_the_code_fails_the_start_and_says_what_lacks(
    pool: Pool, settings: DatabaseSettings, service: Service
) -> None:
    await migrate(pool, service.name)
    service.write("0003_a.sql", "SELECT 1")
    service.write("0004_b.sql", "SELECT 1")
    short = settings.model_copy(update={"schema_wait_seconds": 0.1})
    with pytest.raises(MigrationError, match=r"lacks 0003_a.sql and 1 more: `python -m services.chassis.migrate "):
        await prepare(pool, service.name, short)


async def test_the_release_before_starts_on_the_schema_of_the_next(
    pool: Pool, settings: DatabaseSettings, service: Service
) -> None:
    service.write("0003_tomorrow.sql", "ALTER TABLE things ADD COLUMN note text")
    await migrate(pool, service.name)
    service.remove("0003_tomorrow.sql")
    assert await pending(pool, service.name) == []
    await prepare(pool, service.name, settings)
    await prepare(pool, service.name, settings.model_copy(update={"migrate": "start"}))


async def test_an_edited_migration_is_refused_without_migrating_too(
    pool: Pool, settings: DatabaseSettings, service: Service
) -> None:
    await migrate(pool, service.name)
    service.write("0002_fill.sql", "INSERT INTO things VALUES (2)")
    with pytest.raises(MigrationError, match=r"0002_fill.sql was edited"):
        await prepare(pool, service.name, settings)


async def command(*arguments: str, url: str = "") -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.chassis.migrate", *arguments),
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'contracts'}", "DATABASE_URL": url},
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    _, said = await process.communicate()
    return process.returncode, said.decode()


async def test_the_command_migrates_a_service_with_no_more_than_its_database(
    pool: Pool, settings: DatabaseSettings
) -> None:
    url = settings.database_url.get_secret_value()
    assert await command("janitor", url=url) == (0, "")
    assert await pending(pool, "services.janitor") == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [((), 2, "name one of upload, quota"), (("nobody",), 2, "name one of"), (("quota",), 2, "DATABASE_URL")],
)
async def test_the_command_says_in_one_line_what_it_was_not_told(
    arguments: tuple[str, ...], code: int, says: str
) -> None:
    found, said = await command(*arguments)
    assert (found, said.count("\n"), "Traceback" in said) == (code, 1, False)
    assert says in said
