"""How long a user has to wait for a document: undisturbed, and from the moment at which a server is back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import ClientError

from tests.faults.support.clock import slowness
from tests.faults.support.statuses import is_stored
from tests.stack.support.api import Client, Upload, key_in

T = TypeVar("T")

RETRY_SECONDS = 0.1
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds until a new document was decided: one that is confirmed, and one that its notification alone decides.

    `slowness` is how much slower than alone on the machine the waiting was.
    """

    confirmed: float
    notified: float
    slowness: float

    @property
    def longest(self) -> float:
        """The longer of the two, in seconds."""
        return max(self.confirmed, self.notified)

    def __str__(self) -> str:
        found = f"{self.confirmed:.1f} s where confirmed, {self.notified:.1f} s where notified"
        return f"{found} (slowness {self.slowness:.1f})"


async def wait_for_decisions(client: Client) -> Wait:
    """Uploads two new documents, repeating what fails, until both are decided."""
    async with asyncio.timeout(PATIENCE_SECONDS), slowness() as slow:
        times = await asyncio.gather(_timed(confirmed(client)), _timed(_notified(client)))
    return Wait(*times, slow.factor)


async def _timed(journey: Coroutine[Any, Any, object]) -> float:
    began = time.monotonic()
    await journey
    return time.monotonic() - began


async def confirmed(client: Client) -> Upload:
    """A new document that is uploaded and decided, however often it has to be asked for."""
    upload = await _put(client)

    async def confirm() -> bool:
        return (await client.confirm(upload.document_id)).status == 200

    await _insist(confirm)
    return upload


async def _notified(client: Client) -> None:
    upload = await _put(client)

    await _insist(lambda: is_stored(client, upload))


async def _put(client: Client) -> Upload:
    async def begin() -> Upload | None:
        answer = await client.upload_url("report.pdf")
        url = answer.body["upload_url"] if answer.status == 200 else ""
        return Upload(answer.body["document_id"], url, key_in(url)) if url else None

    upload = await _insist(begin)

    async def put() -> bool:
        return await client.put(upload, b"after all that") == 200

    await _insist(put)
    return upload


async def _insist(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Asks until the answer is a true one; a connection that fails is no answer."""
    while True:
        try:
            if answer := await ask():
                return answer
        except (ClientError, TimeoutError, ConnectionError):
            pass  # asked again, as whatever it was that did not answer well
        await asyncio.sleep(RETRY_SECONDS)
