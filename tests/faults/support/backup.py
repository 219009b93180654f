"""A backup of PostgreSQL while everything runs, and its restore, with PostgreSQL's own tools, as operators do it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from deploy.local.provision import provision
from deploy.local.stack import Stack


class Backups:
    """Of one stack; `path` is where the backup is kept."""

    def __init__(self, stack: Stack, path: Path) -> None:
        self._databases = stack.info.databases
        self._path = path
        self._tools = provision(secure=stack.settings.secure).postgres_bin

    async def make(self) -> datetime:
        """Dumps the database as it is at one moment; a moment right before that."""
        began = datetime.now(UTC)
        await self._run("pg_dump", "--format=custom", f"--file={self._path}", f"--dbname={self._url('docuvault')}")
        return began

    async def restore(self) -> None:
        """Puts the database back to what was dumped; nobody may be connected."""
        connection = await asyncpg.connect(self._url("postgres"))
        try:
            await connection.execute("DROP DATABASE docuvault WITH (FORCE)")
        finally:
            await connection.close()
        options = ("--create", "--exit-on-error", f"--dbname={self._url('postgres')}")
        await self._run("pg_restore", *options, str(self._path))

    def _url(self, database: str) -> str:
        return urlsplit(self._databases["postgres"])._replace(path=f"/{database}").geturl()

    async def _run(self, tool: str, *arguments: str) -> None:
        command: Sequence[str] = [str(self._tools / tool), *arguments]
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, words = await process.communicate()
        assert process.returncode == 0, words.decode()
