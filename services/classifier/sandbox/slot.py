"""A place for one worker, which is made anew in the background as soon as the last one is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from services.chassis.errors import Transient
from services.classifier.sandbox.process import Worker

Start = Callable[[], Awaitable[Worker]]


class Slot:
    """Holds a worker, or the start of one. One document uses it at a time."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._coming: asyncio.Task[Worker] | None = None
        self._is_closed = False

    async def worker(self) -> Worker:
        """The worker, once it is ready; a caller that is cancelled leaves it coming. Raises as `start` does.

        Raises Transient where the place is closed: the service ends, and what is left is for another.
        """
        coming = self._come()
        try:
            return await asyncio.shield(coming)
        except BaseException:
            if coming.done():
                self._coming = None
            raise

    def renew(self) -> None:
        """Forgets its worker, which is ended elsewhere, and starts another, unless it is closed."""
        self._coming = None
        if not self._is_closed:
            self._come()

    async def close(self) -> None:
        """Ends its worker, also one that is only coming, and takes no other."""
        self._is_closed = True
        coming, self._coming = self._coming, None
        if coming is None:
            return
        coming.cancel()
        await asyncio.wait({coming})
        if not coming.cancelled() and coming.exception() is None:
            await coming.result().end()

    def _come(self) -> asyncio.Task[Worker]:
        if self._is_closed:
            raise Transient("no documents are read any more")
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._start())
            self._coming.add_done_callback(_seen)
        return self._coming


def _seen(coming: asyncio.Task[Worker]) -> None:
    """A start that failed while nobody waited is told to the next who asks."""
    if not coming.cancelled():
        coming.exception()
