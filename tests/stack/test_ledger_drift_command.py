"""`python -m services.quota drift`, run as an operator runs it: what it prints, and the exit codes it ends with."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.chassis.migrations import migrate
from services.chassis.postgres import Pool, open_pool
from tests.stack.chassis_servers import schema
from tests.stack.quota_ledger import Replica, delivery, observed

CHECKOUT = Path(__file__).parents[2]
Ran = subprocess.CompletedProcess[str]


def run(url: str, *arguments: str) -> Ran:
    environment = {**os.environ, "DATABASE_URL": url, "DATABASE_STARTUP_WAIT_SECONDS": "0.1"}
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "services.quota", "drift", *arguments],
        env=environment | {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}"},
        cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@dataclass(frozen=True)
class Database:
    url: str
    pool: Pool

    async def drift(self, *arguments: str) -> Ran:
        return await asyncio.to_thread(run, self.url, *arguments)

    async def user(self) -> UUID:
        """Who holds 10 bytes, of which the account knows nothing."""
        replica = Replica(self.pool)
        user = await replica.account(limit=100)
        await replica.settle([delivery(observed(user, 10))])
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute("UPDATE accounts SET used_bytes = 0 WHERE user_id = $1", user)
        return user


@pytest.fixture
async def database(stack: Any) -> AsyncIterator[Database]:
    async with schema(stack) as settings, open_pool(settings) as pool:
        await migrate(pool, "services.quota")
        yield Database(settings.database_url.get_secret_value(), pool)


async def test_without_a_drift_it_ends_with_0(database: Database) -> None:
    ran = await database.drift()
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "0 found, 0 repaired, 0 refused\n", "")


async def test_a_drift_is_told_repaired_when_asked_and_signed(database: Database) -> None:
    user = await database.user()
    found = await database.drift()
    assert (found.returncode, found.stderr) == (1, "")
    assert found.stdout.startswith(f"found    user={user}: used_bytes was 0, the rows of 1 keys add up to 10, and")
    assert found.stdout.endswith("\n1 found, 0 repaired, 0 refused\n")
    fixed = await database.drift("--fix", "--by", "me")
    assert (fixed.returncode, fixed.stdout.split()[0]) == (0, "repaired")
    assert await database.pool.fetchval("SELECT repaired_by FROM repairs") == "me"
    assert (await database.drift()).returncode == 0


async def test_what_is_refused_ends_with_1_and_json_says_why(database: Database) -> None:
    user = await database.user()
    await database.pool.execute("INSERT INTO superseded SELECT * FROM reservations")
    ran = await database.drift("--fix", "--json")
    finding, sums = [json.loads(line) for line in ran.stdout.splitlines()]
    assert (ran.returncode, sums) == (1, {"found": 0, "repaired": 0, "refused": 1})
    assert (finding["done"], finding["user_id"], finding["used_bytes"], finding["reserved_bytes"]) == (
        "refused", str(user), 0, 10,
    )  # fmt: skip
    assert "decision 2 is lost, or made twice" in finding["why"]


async def test_a_database_that_is_away_is_one_line_and_2() -> None:
    ran = await asyncio.to_thread(run, "postgresql://quota:secret@127.0.0.1:1/docuvault")
    assert (ran.returncode, ran.stdout) == (2, "")
    lines = [line for line in ran.stderr.splitlines() if line.startswith("drift: ")]
    assert len(lines) == 1
    assert "secret" not in ran.stderr


async def test_settings_that_make_no_sense_are_one_line_and_2() -> None:
    ran = await asyncio.to_thread(run, "http://nowhere")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("drift: DATABASE_URL: ")
