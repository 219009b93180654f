"""A line of documents before the classifier, and the processes that read them for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import psutil

from tests.faults.support.eyes import Eyes
from tests.faults.support.processes import Processes
from tests.stack.support.api import Client, Upload
from tests.stack.support.waiting import eventually

AT_ONCE = 16
TOLD = "outcome IS NOT NULL"
WITHIN_SECONDS = 120.0


async def pile_up(client: Client, count: int) -> list[Upload]:
    """So many small texts of one user, in the store and told of; nobody confirms them."""
    uploads: list[Upload] = []
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        texts = (b"# Invoice %d\n\nPlease pay %d euros.\n" % (number, number) for number in numbers)
        uploads += await asyncio.gather(*(client.put_new(text, "invoice.md") for text in texts))
    return uploads


async def told(eyes: Eyes, client: Client) -> int:
    """Of how many documents of the user something was said."""
    return await eyes.rows("classifier.documents", client.user_id, TOLD)


async def reaches(eyes: Eyes, client: Client, number: int) -> None:
    """Returns as soon as something was said of so many."""

    async def there() -> bool:
        return await told(eyes, client) >= number

    await eventually(there, becomes=True, within=WITHIN_SECONDS)


async def readers(processes: Processes, name: str) -> list[psutil.Process]:
    """The processes that read documents for a replica."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(await processes.pid(name)).children(recursive=True)
    return []


async def assert_gone(left: Sequence[psutil.Process]) -> None:
    """Of a replica that was killed no reader is left; a pid that was given to another since is none of it."""

    async def alive() -> list[psutil.Process]:
        return [each for each in left if _lives(each)]

    await eventually(alive, becomes=[])


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
