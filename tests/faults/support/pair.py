"""PostgreSQL's two servers as an operator handles them, and as a test breaks them."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import asyncpg
import psutil

from deploy.local.credentials import load_credentials
from deploy.local.postgres_nodes import Pair, authority_of, data_folder, database_url, pair_of, trusting
from deploy.local.stack import Stack
from deploy.local.switchover import rebuild, switch_over


@dataclass(frozen=True, slots=True)
class Servers:
    """The primary and the standby of a stack."""

    stack: Stack

    @property
    def pair(self) -> Pair:
        """Who is which by now."""
        return pair_of(self.stack.layout, self.stack.settings)

    def url(self, number: int) -> str:
        """One server's, as its superuser, whatever its role."""
        password = load_credentials(self.stack.layout).database["postgres"]
        url = database_url(self.stack.settings.postgres_port + number - 1, "postgres", password)
        return trusting(authority_of(self.stack.settings), url)

    async def switch(self, to: str = "", *, force: bool = False) -> str:
        """`docuvault switchover`."""

        def switch() -> str:
            with self.stack.keeper() as keeper:
                return switch_over(keeper, to, force=force)

        return await asyncio.to_thread(switch)

    async def settle(self) -> None:
        """`docuvault standby --wait`."""

        def settle() -> None:
            with self.stack.keeper() as keeper:
                keeper.settle()

        await asyncio.to_thread(settle)

    async def go_on(self) -> None:
        """`docuvault standby --go-on`."""

        def relax() -> None:
            with self.stack.keeper() as keeper:
                keeper.relax()

        await asyncio.to_thread(relax)

    async def rebuild(self) -> None:
        """`docuvault standby --rebuild`."""

        def again() -> None:
            with self.stack.keeper() as keeper:
                rebuild(keeper)

        await asyncio.to_thread(again)

    def processes(self, number: int) -> list[psutil.Process]:
        """Of a server: its postmaster and all that work for it, which write their titles over the stack's mark."""
        folder = str(data_folder(self.stack.layout, number))
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.name() == "postgres" and process.cwd() == folder:
                    found.append(process)
        return found

    def hang(self, number: int) -> list[psutil.Process]:
        """All of a server stands still, its connections open and silent; whoever switches ends it."""
        return self._signal(number, signal.SIGSTOP)

    @contextmanager
    def frozen(self, number: int) -> Iterator[None]:
        """Inside, all of a server stands still, its connections open and silent."""
        self.hang(number)
        try:
            yield
        finally:
            self._signal(number, signal.SIGCONT)

    def _signal(self, number: int, which: signal.Signals) -> list[psutil.Process]:
        told = self.processes(number)
        for process in told:
            process.send_signal(which)
        return told

    @contextmanager
    def no_restart(self, number: int) -> Iterator[None]:
        """Inside, a server that is killed cannot come back: its disk is away."""
        data = data_folder(self.stack.layout, number)
        away = data.with_name("away")
        data.rename(away)
        try:
            yield
        finally:
            if not data.exists():
                away.rename(data)
            else:
                shutil.rmtree(away)


def ended(processes: list[psutil.Process]) -> bool:
    """Whether all of them have; what has not is ended here, so that nothing is left by a test."""
    left = [process for process in processes if process.is_running()]
    for process in left:
        process.kill()
    return not left


async def has_table(url: str, table: str) -> bool | str:
    """Whether a server shows it, or why nobody can tell."""
    try:
        connection = await asyncpg.connect(url, timeout=3)
    except (OSError, asyncpg.PostgresError) as error:
        return str(error)
    try:
        return bool(await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", table))
    finally:
        connection.terminate()
