"""PostgreSQL with TLS: who comes in, whom clients take for it, and connections that are cut, by either side.

A server of the tests' own, as a secure stack has it; the services' pool on it runs on the loop that services run on.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import uvloop
from pydantic import SecretStr

from deploy.local.authority import Authority
from deploy.local.credentials import DATABASE_ROLES
from deploy.local.postgres_nodes import trusting
from deploy.local.provision import provision
from services.chassis.errors import Transient
from services.chassis.postgres import Pool, open_pool, ping, transaction
from services.chassis.settings import DatabaseSettings
from tests.prove.server import Server, postgres_alone

pytestmark = pytest.mark.embedded("a PostgreSQL alone, with TLS; no stack")

ROLES = ("postgres", *DATABASE_ROLES)
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with postgres_alone(tmp_path_factory.mktemp("tls"), secure=True) as found:
        yield found


def on_uvloop(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(work, 60))


async def ask(url: str, query: str, **options: Any) -> Any:
    connection = await asyncpg.connect(url, **options)
    try:
        return await connection.fetchrow(query)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_comes_in_by_tls_and_none_without(server: Server, role: str) -> None:
    asked = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert tuple(await ask(server.url(role), asked)) == (True, "TLSv1.3")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="no encryption"):
        await ask(server.url(role), asked, ssl=False)


async def test_older_tls_than_1_2_is_refused(server: Server) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await ask(server.url("quota"), "SELECT 1", ssl=old)


async def test_a_server_whose_certificate_another_authority_signed_is_not_spoken_to(
    server: Server, tmp_path: Path
) -> None:
    another = Authority(tmp_path / "another").certificate
    url = server.url("quota").partition("?")[0]
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
        await ask(trusting(another, url), "SELECT 1")


@asynccontextmanager
async def reached_as(host: str, server: Server) -> AsyncIterator[str]:
    """The server's URL by an address of this machine that its certificate does not name."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            while data := await reader.read(65536):
                writer.write(data)

    async def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(carry(reader, back), carry(there, writer), return_exceptions=True)
        await asyncio.gather(writer.wait_closed(), back.wait_closed(), return_exceptions=True)

    carried: list[asyncio.Future[None]] = []
    forwarder = await asyncio.start_server(lambda *pair: carried.append(asyncio.ensure_future(come(*pair))), host)
    async with forwarder:
        port = forwarder.sockets[0].getsockname()[1]
        yield server.url("quota").replace(f"127.0.0.1:{server.port}", f"{host}:{port}")
        await asyncio.gather(*carried)


async def test_a_server_with_another_name_than_it_is_called_by_is_not_spoken_to(server: Server) -> None:
    async with reached_as("127.0.0.2", server) as url:
        with pytest.raises(ssl.SSLCertVerificationError, match=r"not valid for '127.0.0.2'"):
            await ask(url, "SELECT 1")
        assert await ask(url.replace("verify-full", "verify-ca"), "SELECT 1")  # the forwarder is not to blame


async def test_programs_of_postgresql_check_it_likewise(server: Server, tmp_path: Path) -> None:
    url = server.url("audit")
    assert await psql(url) == "t"
    assert "root certificate" in await psql(url.replace(str(server.authority), str(tmp_path / "none")))
    another = Authority(tmp_path / "another").certificate
    assert "certificate verify failed" in await psql(url.replace(str(server.authority), str(another)))
    parts = urlsplit(url)
    named = f"{parts.query}&hostaddr=127.0.0.1"
    assert "does not match host name" in await psql(parts._replace(query=named).geturl().replace("@127.0.0.1", "@else"))


async def psql(url: str) -> str:
    program = provision(secure=True).postgres_bin / "psql"
    asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    process = await asyncio.create_subprocess_exec(
        program, "-XAtc", asked, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    return (await process.communicate())[0].decode().strip()


def settings_of(server: Server, **given: Any) -> DatabaseSettings:
    return DatabaseSettings(database_url=SecretStr(server.url("quota")), database_pool_size=2, **given)


async def until(url: str, query: str, wanted: object) -> None:
    async with asyncio.timeout(20):
        while (await ask(url, query))[0] != wanted:  # noqa: ASYNC110 - nobody sets an event in a server
            await asyncio.sleep(0.05)


async def _left_in_the_midst_of(pool: Pool, server: Server) -> None:
    async def sleep() -> None:
        async with transaction(pool) as connection:
            await connection.execute("SELECT pg_sleep(60)")

    task = asyncio.ensure_future(sleep())
    await until(server.url("postgres"), ASLEEP, 1)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


def test_a_statement_that_is_waited_for_no_longer_is_cancelled_on_the_server(server: Server) -> None:
    """By a second connection, which speaks TLS, too; the first one may be used again."""

    async def work() -> None:
        async with open_pool(settings_of(server)) as pool:
            backend = await pool.fetchval("SELECT pg_backend_pid()")
            await _left_in_the_midst_of(pool, server)
            await until(server.url("postgres"), ASLEEP, 0)
            assert await pool.fetchval("SELECT pg_backend_pid()") == backend

    on_uvloop(work())


def test_a_statement_that_takes_too_long_is_ended_by_either_side(server: Server) -> None:
    async def takes_long(pool: Pool, before: str) -> None:
        async with transaction(pool) as connection:
            await connection.execute(before)
            await connection.execute("SELECT pg_sleep(60)")

    async def work() -> None:
        async with open_pool(settings_of(server, database_statement_timeout_seconds=0.2)) as pool:
            with pytest.raises(Transient, match="statement timeout"):
                await takes_long(pool, "SELECT 1")
            with pytest.raises(Transient, match="TimeoutError"):
                await takes_long(pool, "SET LOCAL statement_timeout = 0")
            await until(server.url("postgres"), ASLEEP, 0)
            await ping(pool)

    on_uvloop(work())


def test_a_connection_that_the_server_cuts_is_trouble_that_may_pass(server: Server) -> None:
    async def lose(pool: Pool) -> None:
        async with transaction(pool) as connection:
            backend = await connection.fetchval("SELECT pg_backend_pid()")
            await ask(server.url("postgres"), f"SELECT pg_terminate_backend({backend}, 5000)")
            await connection.fetchval("SELECT 1")

    async def work() -> None:
        async with open_pool(settings_of(server)) as pool:
            for _ in range(5):
                with pytest.raises(Transient):
                    await lose(pool)
            await ping(pool)

    on_uvloop(work())


def test_a_commit_that_is_waited_for_no_longer_is_left_alone(server: Server) -> None:
    """It waits for a standby that there is none of. Its connection is given up; nobody sees what it wrote before."""
    superuser = server.url("postgres")
    seen = "SELECT count(*) FROM quota.waited"
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

    async def work() -> None:
        async with open_pool(settings_of(server)) as pool:
            await pool.execute("CREATE TABLE waited AS SELECT 0 AS id WHERE false")
            await standby_is(superuser, "nobody")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5), pool.acquire() as connection, connection.transaction():
                    await connection.execute("INSERT INTO waited VALUES (1)")
            assert (await ask(superuser, waiting))[0] == 1
            assert await pool.fetchval("SELECT count(*) FROM waited") == 0
            await standby_is(superuser, "")
            await until(superuser, seen, 1)

    on_uvloop(work())


async def standby_is(superuser: str, name: str) -> None:
    connection = await asyncpg.connect(superuser)
    await connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    await until(superuser, "SHOW synchronous_standby_names", name)


def test_data_goes_from_plain_to_secure_and_back(tmp_path: Path) -> None:
    for at, secure in enumerate((False, True, False)):
        with postgres_alone(tmp_path, secure=secure) as found:
            assert asyncio.run(starts(found)) == (at, secure)


async def starts(server: Server) -> tuple[int, bool]:
    """How often this was asked before, by what is in the database; and whether it is by TLS now."""
    connection = await asyncpg.connect(server.url("quota"))
    await connection.execute("CREATE TABLE IF NOT EXISTS starts ()")
    before = await connection.fetchval("SELECT count(*) FROM starts")
    await connection.execute("INSERT INTO starts DEFAULT VALUES")
    by_tls = await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    await connection.close()
    return before, by_tls
