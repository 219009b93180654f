"""A place for one worker, which is made anew in the background as soon as the last one is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from services.classifier.sandbox.process import Worker

Start = Callable[[], Awaitable[Worker]]


class Slot:
    """Holds a worker, or the start of one. One document uses it at a time."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._coming: asyncio.Task[Worker] | None = None

    async def worker(self) -> Worker:
        """The worker, once it is ready; a caller that is cancelled leaves it coming. Raises as `start` does."""
        coming = self._come()
        try:
            return await asyncio.shield(coming)
        except BaseException:
            if coming.done():
                self._coming = None
            raise

    def renew(self) -> None:
        """Forgets its worker, which is ended elsewhere, and starts another."""
        self._coming = None
        self._come()

    async def clear(self) -> None:
        """Ends its worker, also one that is only coming."""
        coming, self._coming = self._coming, None
        if coming is None:
            return
        coming.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await (await coming).end()

    def _come(self) -> asyncio.Task[Worker]:
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._start())
            self._coming.add_done_callback(_seen)
        return self._coming


def _seen(coming: asyncio.Task[Worker]) -> None:
    """A start that failed while nobody waited is told to the next who asks."""
    if not coming.cancelled():
        coming.exception()
