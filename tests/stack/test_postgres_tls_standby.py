"""A standby of a secure stack's PostgreSQL: what it is copied by, and what it follows by, speaks TLS."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import asyncpg

from deploy.local.credentials import ensure_credentials
from deploy.local.layout import Layout
from deploy.local.ports import reserve_block
from deploy.local.postgres_nodes import authority_of, databases_of
from deploy.local.postgres_pair import Keeper
from deploy.local.provision import provision
from deploy.local.server_postgres import postgres, prepare_postgres
from deploy.local.settings import StackSettings
from deploy.local.supervisor import Supervisor
from tests.prove.server import START_SECONDS, Server, set_up, started

FOLLOWING = """
    SELECT application_name, ssl FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE state = 'streaming'"""


async def follower(server: Server) -> tuple[str, bool]:
    """Who follows the primary, once somebody does, and whether by TLS."""
    connection = await asyncpg.connect(server.url("postgres"))
    end = time.monotonic() + START_SECONDS
    while not (found := await connection.fetch(FOLLOWING)):
        assert time.monotonic() < end, "nobody follows"
        await asyncio.sleep(0.05)
    await connection.close()
    ((name, by_tls),) = found
    return name, by_tls


def test_a_standby_is_copied_and_follows_by_tls(tmp_path: Path) -> None:
    port, block = reserve_block()
    layout, binaries = Layout(tmp_path / "state"), provision(secure=True).postgres_bin
    settings = StackSettings(state_dir=layout.state, postgres_port=port, secure=True, standby=True)
    layout.prepare()
    credentials = ensure_credentials(layout)
    prepare_postgres(layout, settings, credentials, binaries)
    first, second = (postgres(layout, settings, credentials, binaries, node) for node in databases_of(settings))
    server = Server(port, credentials, authority_of(settings))
    try:
        with started(first, tmp_path) as primary:
            asyncio.run(set_up(server, primary))
            Keeper(layout, settings, credentials, binaries, Supervisor(layout)).copy()
            with started(second, tmp_path):
                assert asyncio.run(follower(server)) == ("postgres-2", True)
    finally:
        block.release()
