"""A PostgreSQL of a run's own, without the rest of the stack, set up as the stack sets up its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.credentials import Credentials, ensure_credentials
from deploy.local.layout import Layout
from deploy.local.ports import reserve_block
from deploy.local.postgres_nodes import authority_of, database_url, trusting
from deploy.local.programs import Program
from deploy.local.provision import provision
from deploy.local.server_postgres import postgres, prepare_postgres
from deploy.local.settings import StackSettings
from deploy.local.setup_postgres import setup_postgres

START_SECONDS = 60.0
OPTIONS = ("-c", "fsync=off", "-c", "deadlock_timeout=5ms")
"""No test pulls the plug of a machine, so nothing is forced to the disk; a deadlock is told at once."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `url` is the database as the role of a service, or as `postgres`, sees it."""

    port: int
    credentials: Credentials
    authority: Path | None = None

    def url(self, role: str) -> str:
        return trusting(self.authority, database_url(self.port, role, self.credentials.database[role]))


@contextmanager
def postgres_alone(folder: Path, *, secure: bool = False) -> Iterator[Server]:
    """The server, with the roles and schemas of the stack; its data is in `folder`, and may be there already."""
    port, block = reserve_block()
    try:
        server, program = _prepared(folder, port, secure=secure)
        with started(program, folder) as process:
            asyncio.run(set_up(server, process))
            yield server
    finally:
        block.release()


@contextmanager
def started(program: Program, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server's process; its log is in `folder`. It may not answer yet."""
    with (folder / f"{program.name}.log").open("wb") as log:
        command, environment = [*program.command, *OPTIONS], {**os.environ, **program.environment}
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", env=environment)  # noqa: S603 - our own server
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)


def _prepared(folder: Path, port: int, *, secure: bool) -> tuple[Server, Program]:
    layout, binaries = Layout(folder / "state"), provision(secure=secure).postgres_bin
    settings = StackSettings(state_dir=layout.state, postgres_port=port, secure=secure)
    layout.prepare()
    credentials = ensure_credentials(layout)
    prepare_postgres(layout, settings, credentials, binaries)
    server = Server(port, credentials, authority_of(settings))
    return server, postgres(layout, settings, credentials, binaries)


async def set_up(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Waits until it answers, and makes the roles and schemas."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            return await setup_postgres(server.port, server.credentials, authority=server.authority)
        except (OSError, asyncpg.CannotConnectNowError):
            assert process.poll() is None, "PostgreSQL ended; its log is beside its state"
            assert time.monotonic() < end, "PostgreSQL does not answer"
            await asyncio.sleep(0.05)
