"""Who waits for which document in this process. Woken by the listener, after the row they wait for was committed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


class Watch:
    """One waiter's bell. A ring that comes before anyone waits is kept, so register first and read the row after."""

    def __init__(self) -> None:
        self._bell = asyncio.Event()

    def ring(self) -> None:
        """Something may have changed: read the row again."""
        self._bell.set()

    async def changed(self, seconds: float) -> bool:
        """Waits at most `seconds` for a ring; whether there was one. Reading the row is right in both cases."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._bell.wait()
        except TimeoutError:
            return False
        self._bell.clear()
        return True


class Waiters:
    """The watches of this process by document id; a document that nobody waits for takes no room."""

    def __init__(self) -> None:
        self._watches: dict[UUID, set[Watch]] = {}

    def __len__(self) -> int:
        """How many watches there are."""
        return sum(map(len, self._watches.values()))

    @contextmanager
    def watch(self, document_id: UUID) -> Iterator[Watch]:
        """A watch on the document for as long as the block runs, however it ends."""
        watch = Watch()
        self._watches.setdefault(document_id, set()).add(watch)
        try:
            yield watch
        finally:
            self._remove(document_id, watch)

    def _remove(self, document_id: UUID, watch: Watch) -> None:
        watches = self._watches[document_id]
        watches.discard(watch)
        if not watches:
            del self._watches[document_id]

    def wake(self, document_ids: Iterable[UUID]) -> None:
        """Rings all who wait for one of these documents."""
        for document_id in document_ids:
            for watch in self._watches.get(document_id, ()):
                watch.ring()

    def wake_all(self) -> None:
        """Rings everybody: something may have been missed."""
        self.wake(tuple(self._watches))


@dataclass(frozen=True, slots=True)
class Limit:
    """When a wait ends without an outcome: at `deadline` (the loop's time, seconds), or once its client gave up."""

    deadline: float
    poll_seconds: float
    given_up: Callable[[], bool]

    def left(self) -> float:
        """Seconds until the deadline, 0 or below where the wait is over."""
        return 0.0 if self.given_up() else self.deadline - asyncio.get_running_loop().time()


async def until(
    watch: Watch, read: Callable[[], Awaitable[T | None]], done: Callable[[T], bool], limit: Limit
) -> T | None:
    """Reads after each ring, and unasked every `poll_seconds`, until `done`; None where the wait ended without.

    None too where nothing can be read any more. `watch` must be older than what the caller knows.
    """
    while (left := limit.left()) > 0:
        await watch.changed(min(left, limit.poll_seconds))
        found = await read()
        if found is None or done(found):
            return found
    return None
