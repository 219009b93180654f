"""PostgreSQL's files, in the system's cache or not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from benchmarks.site import Site
from deploy.local.postgres_nodes import data_folder

START_SECONDS = 60.0
_CHUNK = 4 * 1024 * 1024


def recall(site: Site) -> None:
    """Reads all of them once, so that they are in the system's cache as far as it has room."""
    buffer = bytearray(_CHUNK)
    for path in _files(site):
        with path.open("rb", buffering=0) as handle:
            while handle.readinto(buffer):
                pass


async def restart_cold(site: Site) -> None:
    """PostgreSQL anew, with nothing in its own cache, and nothing of its files in the system's."""
    supervisor = site.stack.supervisor
    await asyncio.to_thread(supervisor.stop, "postgres")
    await asyncio.to_thread(_forget, site)
    await asyncio.to_thread(supervisor.start, "postgres")
    end = asyncio.get_running_loop().time() + START_SECONDS
    while True:
        try:
            connection = await asyncpg.connect(site.info.databases["postgres"])
        except (OSError, asyncpg.PostgresError):
            if asyncio.get_running_loop().time() > end:
                raise
            await asyncio.sleep(0.2)
        else:
            return await connection.close()


def _forget(site: Site) -> None:
    """The system forgets only what is on the disk, so it is brought there first."""
    for path in _files(site):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def _files(site: Site) -> Iterator[Path]:
    return (path for path in (data_folder(site.stack.layout) / "base").rglob("*") if path.is_file())
