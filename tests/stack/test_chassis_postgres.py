"""The pool and the migrations, on a real PostgreSQL that goes away and comes back."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from services.chassis.errors import Transient
from services.chassis.migrations import MigrationError, migrate
from services.chassis.postgres import Pool, load_sql, open_pool, ping, transaction
from services.chassis.postgres_commits import COMMITS
from services.chassis.settings import DatabaseSettings
from tests.stack.chassis_servers import schema, unique


@pytest.fixture
async def settings(stack: Any) -> AsyncIterator[DatabaseSettings]:
    async with schema(stack) as found:
        yield found


@pytest.fixture
async def pool(settings: DatabaseSettings) -> AsyncIterator[Pool]:
    async with open_pool(settings) as found:
        yield found


@contextmanager
def stopped(backend: int) -> Iterator[None]:
    """A process of this machine that is there and does nothing."""
    os.kill(backend, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(backend, signal.SIGCONT)


class Service:
    """A package with migrations, made on the spot."""

    def __init__(self, folder: Path) -> None:
        self.name = unique("service").replace("-", "_")
        self._folder = folder / self.name / "migrations"
        self._folder.mkdir(parents=True)
        (folder / self.name / "__init__.py").touch()

    def write(self, name: str, sql: str) -> None:
        (self._folder / name).write_text(sql)

    def remove(self, name: str) -> None:
        (self._folder / name).unlink()


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.syspath_prepend(str(tmp_path))
    return Service(tmp_path)


async def test_a_restarted_server_heals_under_the_pool_without_a_restart_of_ours(stack: Any, pool: Pool) -> None:
    await asyncio.gather(*(pool.fetchval("SELECT pg_sleep(0.05)") for _ in range(5)))
    async with pool.acquire() as held:
        await asyncio.to_thread(stack.supervisor.restart, "postgres")
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await held.fetchval("SELECT 1")
    for _ in range(100):
        try:
            await ping(pool)
            break
        except Transient:
            await asyncio.sleep(0.1)
    assert await asyncio.gather(*(pool.fetchval("SELECT 1") for _ in range(8))) == [1] * 8


async def test_a_connection_that_dies_between_two_statements_is_trouble_that_may_pass(pool: Pool) -> None:
    with pytest.raises(Transient):
        await _lose_the_connection(pool)
    await ping(pool)


async def _lose_the_connection(pool: Pool) -> None:
    async with pool.acquire() as killer, transaction(pool) as connection:
        victim = await connection.fetchval("SELECT pg_backend_pid()")
        await killer.execute("SELECT pg_terminate_backend($1)", victim)
        await asyncio.sleep(0.1)
        await connection.fetchval("SELECT 1")


async def test_a_statement_that_takes_too_long_is_trouble_that_may_pass(settings: DatabaseSettings) -> None:
    quick = settings.model_copy(update={"database_statement_timeout_seconds": 0.2})
    async with open_pool(quick) as pool:
        with pytest.raises(Transient, match="statement timeout"):
            async with transaction(pool) as connection:
                await connection.execute("SELECT pg_sleep(5)")
        await ping(pool)


async def test_a_transaction_is_its_own_statements_and_no_round_trip_more(settings: DatabaseSettings) -> None:
    said: list[str] = []
    async with open_pool(settings.model_copy(update={"database_pool_size": 1})) as pool:
        async with pool.acquire() as connection:
            connection.add_query_logger(lambda query: said.append(query.query))
        async with transaction(pool) as inside:
            await inside.execute("SELECT 1")
    assert said == ["BEGIN;", "SELECT 1", "COMMIT;"]


async def test_what_a_transaction_took_for_itself_is_gone_for_the_next_one(settings: DatabaseSettings) -> None:
    async with open_pool(settings.model_copy(update={"database_pool_size": 1})) as pool:
        before = await pool.fetchval("SHOW statement_timeout")
        async with transaction(pool) as connection:
            await connection.execute("SELECT set_config('statement_timeout', '0', true), pg_advisory_xact_lock(7)")
        assert await pool.fetchval("SHOW statement_timeout") == before
        assert await pool.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7") == 0


async def test_a_transaction_that_is_cut_off_leaves_none_open_to_the_next_one(settings: DatabaseSettings) -> None:
    async with open_pool(settings.model_copy(update={"database_pool_size": 1})) as pool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), pool.acquire() as cut, cut.transaction():
                await cut.execute("SELECT pg_sleep(5)")
        async with transaction(pool) as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_a_caller_waits_for_a_free_connection_only_so_long(settings: DatabaseSettings) -> None:
    small = settings.model_copy(update={"database_pool_size": 1, "database_connect_timeout_seconds": 0.2})
    async with open_pool(small) as pool, pool.acquire():
        with pytest.raises(Transient):
            async with asyncio.timeout(3), transaction(pool):
                raise AssertionError("there was none to give")


@pytest.mark.embedded("it stops a process of PostgreSQL by its number, which in a container is another one")
async def test_a_backend_that_hangs_holds_its_caller_only_so_long_and_is_replaced(settings: DatabaseSettings) -> None:
    quick = settings.model_copy(update={"database_statement_timeout_seconds": 0.3, "database_pool_size": 1})
    async with open_pool(quick) as pool:
        backend = await pool.fetchval("SELECT pg_backend_pid()")
        with stopped(backend):
            async with asyncio.timeout(10):
                with pytest.raises(Transient):
                    await ping(pool)
            assert await pool.fetchval("SELECT pg_backend_pid()") != backend


async def test_a_statement_without_a_transaction_that_is_waited_for_no_longer_is_cut_off_and_nothing_else(
    pool: Pool,
) -> None:
    """Its connection is given up in the very moment in which it is handed back."""
    await pool.execute("CREATE TABLE held ()")
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("LOCK TABLE held")
        for _ in range(10):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await pool.fetchval("SELECT count(*) FROM held")
    assert await pool.fetchval("SELECT count(*) FROM held") == 0


async def test_callers_that_leave_at_any_moment_are_only_cancelled_and_every_connection_can_be_had_again(
    settings: DatabaseSettings,
) -> None:
    """Statements with and without a transaction, cut off before, during and after the answer, side by side."""
    few = settings.model_copy(update={"database_pool_size": 4})
    chance = random.Random(8)  # noqa: S311 - moments, no secrets
    async with open_pool(few) as pool:

        async def alone() -> None:
            await pool.fetchval("SELECT pg_sleep(0.004)")

        async def within() -> None:
            async with transaction(pool) as connection:
                await connection.fetchval("SELECT pg_sleep(0.002)")

        async def left(work: Callable[[], Awaitable[None]]) -> None:
            task = asyncio.ensure_future(work())
            await asyncio.sleep(chance.uniform(0, 0.02))
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled() or task.exception() is None, task.exception()

        for _ in range(40):
            await asyncio.gather(*(left(chance.choice((alone, within))) for _ in range(8)))
        async with asyncio.timeout(30), AsyncExitStack() as held:
            for connection in [await held.enter_async_context(pool.acquire()) for _ in range(4)]:
                assert await connection.fetchval("SELECT 1") == 1


async def test_a_violated_constraint_stays_what_it_is(pool: Pool) -> None:
    await pool.execute("CREATE TABLE once (id int PRIMARY KEY)")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction(pool) as connection:
            await connection.execute("INSERT INTO once VALUES (1), (1)")


async def test_a_start_without_a_server_says_so_in_time() -> None:
    nowhere = DatabaseSettings(
        database_url=SecretStr("postgresql://u:hunter2@127.0.0.1:1/d"), database_startup_wait_seconds=0.5
    )
    async with asyncio.timeout(5):
        with pytest.raises(Transient, match="ConnectionRefusedError") as raised:
            async with open_pool(nowhere):
                pass
    assert "hunter2" not in str(raised.value)


async def test_connections_say_whose_they_are_and_bound_themselves(pool: Pool) -> None:
    assert await pool.fetchval("SELECT current_setting('application_name')") == "docuvault"
    assert await pool.fetchval("SELECT current_setting('statement_timeout')") == "10s"
    assert await pool.fetchval("SELECT current_setting('idle_in_transaction_session_timeout')") == "15s"


async def test_migrations_are_applied_in_order_and_once(pool: Pool, service: Service) -> None:
    service.write("0002_fill.sql", "INSERT INTO things VALUES (1)")
    service.write("0001_things.sql", "CREATE TABLE things (id int); CREATE TABLE others (id int)")
    await migrate(pool, service.name)
    await migrate(pool, service.name)
    service.write("0003_more.sql", "INSERT INTO things VALUES (2)")
    await migrate(pool, service.name)
    assert await pool.fetchval("SELECT array_agg(id ORDER BY id) FROM things") == [1, 2]


async def test_replicas_that_start_at_once_apply_each_migration_once(pool: Pool, service: Service) -> None:
    service.write("0001_things.sql", "CREATE TABLE things (id int); SELECT pg_sleep(0.2)")
    for number in range(2, 6):
        service.write(f"000{number}_fill.sql", f"INSERT INTO things SELECT {number} FROM pg_sleep(0.05)")  # noqa: S608 - our own number
    await asyncio.gather(*(migrate(pool, service.name) for _ in range(4)))
    assert await pool.fetchval("SELECT array_agg(id) FROM things") == [2, 3, 4, 5]


async def test_a_migration_that_was_edited_after_it_was_applied_is_refused(pool: Pool, service: Service) -> None:
    service.write("0001_things.sql", "CREATE TABLE things (id int)")
    await migrate(pool, service.name)
    service.write("0001_things.sql", "CREATE TABLE things (id bigint)")
    with pytest.raises(MigrationError, match=r"0001_things.sql was edited"):
        await migrate(pool, service.name)


async def test_a_failing_migration_is_rolled_back_whole_and_named(pool: Pool, service: Service) -> None:
    service.write("0001_things.sql", "CREATE TABLE things (id int)")
    service.write("0002_broken.sql", "INSERT INTO things VALUES (1); INSERT INTO nowhere VALUES (1)")
    with pytest.raises(MigrationError, match=r"0002_broken.sql failed.*nowhere"):
        await migrate(pool, service.name)
    assert await pool.fetchval("SELECT count(*) FROM things") == 0
    service.write("0002_broken.sql", "INSERT INTO things VALUES (7)")
    await migrate(pool, service.name)
    assert await pool.fetchval("SELECT id FROM things") == 7


async def test_a_migration_may_take_longer_than_a_statement(settings: DatabaseSettings, service: Service) -> None:
    service.write("0001_slow.sql", "SELECT pg_sleep(1.5)")
    quick = settings.model_copy(update={"database_statement_timeout_seconds": 0.3})
    async with open_pool(quick) as pool:
        await migrate(pool, service.name)
        assert await pool.fetchval("SELECT current_setting('statement_timeout')") == "300ms"


@pytest.mark.parametrize("name", ["1_short.sql", "0001-dash.sql", "0001_Upper.sql"])
async def test_a_misnamed_migration_is_refused(pool: Pool, service: Service, name: str) -> None:
    service.write(name, "SELECT 1")
    with pytest.raises(MigrationError, match="is not named"):
        await migrate(pool, service.name)


async def test_a_number_used_twice_is_refused(pool: Pool, service: Service) -> None:
    service.write("0001_a.sql", "SELECT 1")
    service.write("0001_b.sql", "SELECT 1")
    with pytest.raises(MigrationError, match="two migrations have the number 0001"):
        await migrate(pool, service.name)


def test_statements_have_the_names_of_their_files() -> None:
    assert load_sql("services.chassis")["outbox_take"].startswith("-- The oldest messages")
    assert all(text.startswith("-- ") for text in load_sql("services.chassis").values())
    assert "services.chassis" in sys.modules


async def _written_in_a_transaction(pool: Pool) -> None:
    async with transaction(pool) as connection:
        await connection.execute("INSERT INTO slow VALUES (1)")


async def _written_by_itself(pool: Pool) -> None:
    await pool.execute("INSERT INTO slow VALUES (1)")


async def _written_by_itself_with_an_answer(pool: Pool) -> None:
    await pool.fetchval("INSERT INTO slow VALUES ($1) RETURNING id", 1)


@pytest.mark.parametrize("write", [_written_in_a_transaction, _written_by_itself, _written_by_itself_with_an_answer])
async def test_a_commit_that_is_waited_for_is_told_until_it_is_through(
    pool: Pool, write: Callable[[Pool], Awaitable[None]]
) -> None:
    await pool.execute(SLOW_TO_COMMIT)
    writing = asyncio.ensure_future(write(pool))
    while COMMITS() < 0.2:
        assert not writing.done()
        await asyncio.sleep(0.01)
    await writing
    assert COMMITS() == 0


async def test_what_is_slow_and_commits_nothing_is_no_commit(pool: Pool) -> None:
    async def inside() -> None:
        async with transaction(pool) as connection:
            await connection.fetchval("INSERT INTO quick SELECT FROM pg_sleep(0.5)")

    await pool.execute("CREATE TABLE quick (id int)")
    slow = [asyncio.ensure_future(pool.fetchval("SELECT pg_sleep(0.5)")), asyncio.ensure_future(inside())]
    seen = []
    while not all(each.done() for each in slow):
        seen.append(COMMITS())
        await asyncio.sleep(0.01)
    await asyncio.gather(*slow)
    assert max(seen) < 0.3


SLOW_TO_COMMIT = """
CREATE TABLE slow (id int);
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
"""
