"""Uploads that have been waiting for long, and the sweep as an operator runs it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local.credentials import load_credentials
from deploy.local.server_services import CHECKOUT, service_environment
from tests.faults.support.site import Site
from tests.stack.support.waiting import eventually

TALE = "swept: "


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def counts(self) -> Mapping[str, Any]:
        """What the sweep says it did."""
        assert (self.code, self.err) == (0, ""), self
        assert self.out.startswith(TALE), self
        found: Mapping[str, Any] = json.loads(self.out.removeprefix(TALE))
        return found


async def janitor(site: Site, *arguments: str, **changes: str) -> Ended:
    """`python -m services.janitor ARGUMENTS` with the environment of the stack's janitor."""
    settings = site.stack.settings
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.janitor", *arguments, cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'contracts'}",
            **service_environment(settings, load_credentials(site.stack.layout), "janitor"),
            **changes,
        },
    )  # fmt: skip
    out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


class Waiting:
    """Uploads as the janitor's rows have them."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection

    async def for_hours(self, user_id: UUID, count: int, hours: int = 2) -> None:
        """Makes the user's uploads so much older, once the janitor has heard of all of them."""
        await eventually(lambda: self.rows(user_id, "requested_at IS NOT NULL"), becomes=count)
        await self._connection.execute(
            """UPDATE janitor.objects SET requested_at = requested_at - $2::interval,
               expires_at = expires_at - $2::interval, look_at = look_at - $2::interval,
               end_at = end_at - $2::interval WHERE user_id = $1""",
            user_id, timedelta(hours=hours),
        )  # fmt: skip

    async def rows(self, user_id: UUID, condition: str) -> int:
        """How many of a user's uploads are so."""
        query = f"SELECT count(*) FROM janitor.objects WHERE user_id = $1 AND {condition}"  # noqa: S608 - the tests' own
        return int(await self._connection.fetchval(query, user_id))

    async def remind_soon(self, user_id: UUID, hours: int = 2) -> None:
        """Makes the user's documents so much older, and has the upload service remind of those that still wait."""
        await self._connection.execute(
            """UPDATE upload.documents SET created_at = created_at - $2::interval, told_at = told_at - $2::interval,
               expires_at = expires_at - $2::interval WHERE user_id = $1""",
            user_id, timedelta(hours=hours),
        )  # fmt: skip
        await self._connection.execute("UPDATE upload.reminded_until SET told_at = 'epoch'")
        await self._connection.execute("UPDATE upload.jobs SET due_at = now() WHERE name = 'reminders'")

    async def sweep_soon(self) -> None:
        """Makes the sweep due, for the service itself to find."""
        await self._connection.execute("UPDATE janitor.jobs SET due_at = now() WHERE name = 'sweep'")


@asynccontextmanager
async def open_waiting(site: Site) -> AsyncIterator[Waiting]:
    """Connects as superuser: nobody else may make anything older."""
    connection = await asyncpg.connect(site.info.databases["postgres"])
    try:
        yield Waiting(connection)
    finally:
        await connection.close()
