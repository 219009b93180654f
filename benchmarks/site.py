"""Where it is measured: an embedded stack of its own, without services, and the processes that a line starts on it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from benchmarks.options import Options
from benchmarks.profiling import observe_postgres, sampled
from deploy.local.credentials import load_credentials
from deploy.local.info import StackInfo
from deploy.local.provision import provision
from deploy.local.server_services import CHECKOUT, service_environment, service_port
from deploy.local.stack import FOR_MANY_CALLERS, Stack

STOP_SECONDS = 20.0
PEERS = "benchmarks.peers"
CLASSIFIERS = ("services.classifier", "benchmarks.classifying")
"""What needs the classifier's own packages beside."""
FLOORS_DATABASE = "floors"
"""A database beside the services', on the same server: a floor's rows are in nobody's way there."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process of a line, and the file its output goes to."""

    process: Process
    log: Path

    def ended(self) -> str:
        """Why it is no longer there, as its last line tells; empty while it runs."""
        if self.process.returncode is None:
            return ""
        lines = self.log.read_text(errors="replace").splitlines()
        return f"exit {self.process.returncode}: {lines[-1] if lines else 'without a word'}"


@dataclass(frozen=True)
class Site:
    """A running stack and a folder for the logs of what a line starts."""

    stack: Stack
    folder: Path
    options: Options = field(default_factory=Options)
    _numbers: Iterator[int] = field(default_factory=count)

    @cached_property
    def info(self) -> StackInfo:
        """Addresses and credentials; read once, since a load asks for them with every request."""
        return self.stack.info

    @property
    def floors_url(self) -> str:
        """The floors' own database, as the superuser."""
        return urlsplit(self.info.databases["postgres"])._replace(path=f"/{FLOORS_DATABASE}").geturl()

    @property
    def pgbench(self) -> Path:
        """The program."""
        return provision().postgres_bin / "pgbench"

    def _python_of(self, module: str) -> str:
        """Services and floors have the services' own packages and no others; the peers bring theirs."""
        if module.startswith(PEERS):
            return sys.executable
        service = "classifier" if module in CLASSIFIERS else "upload"
        return str(provision(classifier=service == "classifier").pythons[service])

    def environment(self, service: str) -> Mapping[str, str]:
        """The settings of a service as the stack itself would start it."""
        return service_environment(self.stack.settings, load_credentials(self.stack.layout), service)

    def port(self, number: int) -> int:
        """A free port, kept for this stack."""
        return service_port(self.stack.settings, "upload", number)

    @asynccontextmanager
    async def service(self, name: str, *arguments: str, **env: str) -> AsyncIterator[Child]:
        """A service as the stack itself would run it, with the same settings; or its command, by `arguments`."""
        own = {"PYTHONUNBUFFERED": "1", **self.environment(name), **FOR_MANY_CALLERS, **env}
        async with self.running(f"services.{name}", own, *arguments) as child:
            yield child

    @asynccontextmanager
    async def running(self, module: str, env: Mapping[str, str], *arguments: str) -> AsyncIterator[Child]:
        """A Python module as a process that is ended, and waited for, at the end."""
        log = self.folder / f"{module}-{next(self._numbers)}.log"
        paths = {"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}"}
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                self._python_of(module), "-m", module, *arguments, env={**paths, **env}, stdout=out, stderr=out,
                cwd=CHECKOUT, start_new_session=True,
            )  # fmt: skip
        try:
            async with sampled(process.pid, log.stem) if self.options.profile else nullcontext():
                yield Child(process, log)
        finally:
            await _end(process)


async def _end(process: Process) -> None:
    """Asks it to end; what is left of its group then, workers of its own too, is ended by force."""
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


@contextmanager
def open_site(options: Options) -> Iterator[Site]:
    """A stack on free ports in a temporary folder; nothing of it is left at the end. Raises StackError."""
    with tempfile.TemporaryDirectory(prefix="docuvault-bench-") as folder:
        stack = Stack.on_free_ports(Path(folder) / "stack", services=False)
        try:
            stack.up()
            asyncio.run(_make_floors_database(stack.info.databases["postgres"]))
            if options.profile:
                asyncio.run(observe_postgres(stack))
            yield Site(stack, Path(folder), options)
        finally:
            stack.reset()


async def _make_floors_database(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"CREATE DATABASE {FLOORS_DATABASE}")
    finally:
        await connection.close()
