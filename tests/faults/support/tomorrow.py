"""Replicas of the quota service as of another release, beside those of the stack."""

from __future__ import annotations

import asyncio
import shutil
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg

from deploy.local.credentials import load_credentials
from deploy.local.server_services import CHECKOUT, service_environment, service_port
from tests.faults.support.site import Site
from tests.stack.support.waiting import eventually

READY_SECONDS = 90.0
FIRST_NUMBER = 15
"""Of these replicas; the stack's own have smaller ones."""


def release(folder: Path, name: str, migration: str) -> Path:
    """A copy of the services whose ledger has a migration more."""
    shutil.copytree(CHECKOUT / "services", folder / "services", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "services" / "quota" / "migrations" / name).write_text(migration)
    return folder


@asynccontextmanager
async def started(site: Site, code: Path, count: int) -> AsyncIterator[list[Process]]:
    """That many replicas of the release in `code`, started at once and ended at the end, where they still run."""
    processes = [await _start(site, code, FIRST_NUMBER + n) for n in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.wait() for process in processes))


async def _start(site: Site, code: Path, number: int) -> Process:
    with _log(code, number).open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "services.quota",
            env=_environment(site, code, number),
            stdout=log,
            stderr=log,
            cwd=code,
        )


def _environment(site: Site, code: Path, number: int) -> Mapping[str, str]:
    settings, layout = site.stack.settings, site.stack.layout
    return {
        "PYTHONPATH": f"{code}:{code / 'contracts'}:{CHECKOUT / 'contracts'}",
        "REPLICA": str(number),
        "HTTP_PORT": str(service_port(settings, "quota", number)),
        "HTTP_HOST": "127.0.0.1",
        **service_environment(settings, load_credentials(layout), "quota"),
        **settings.service_env,
    }


def _log(code: Path, number: int) -> Path:
    return code / f"quota-{number}.log"


async def ready(site: Site, processes: list[Process]) -> None:
    """Returns when all of them have migrated and decide."""
    for n, process in enumerate(processes):
        url = f"http://127.0.0.1:{service_port(site.stack.settings, 'quota', FIRST_NUMBER + n)}/readyz"

        async def says(url: str = url, process: Process = process) -> bool:
            assert process.returncode is None, "it ended"
            try:
                async with aiohttp.ClientSession() as session, session.get(url) as response:
                    return response.status == 200
            except (aiohttp.ClientError, OSError):
                return False

        await eventually(says, becomes=True, within=READY_SECONDS)


def said(code: Path) -> str:
    """All that they logged."""
    return "".join(log.read_text() for log in sorted(code.glob("quota-*.log")))


async def applied(site: Site, name: str) -> int:
    """How often the ledger's schema remembers a migration."""
    return int(await _ask(site, f"SELECT count(*) FROM quota.schema_migrations WHERE name = '{name}'"))  # noqa: S608


async def columns(site: Site, name: str) -> int:
    """How many tables of the ledger have a column of that name."""
    counted = f"SELECT count(*) FROM pg_attribute WHERE attname = '{name}' AND attrelid::regclass::text LIKE 'quota.%'"  # noqa: S608
    return int(await _ask(site, counted))


async def undo(site: Site, *statements: str) -> None:
    """Takes back what a migration of tomorrow did."""
    for statement in statements:
        await _ask(site, statement)


async def _ask(site: Site, statement: str) -> int:
    connection = await asyncpg.connect(site.info.databases["postgres"])
    try:
        return int(await connection.fetchval(statement) or 0)
    finally:
        await connection.close()
