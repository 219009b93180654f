"""Who waits for which document in this process. Woken after the row they wait for was committed, here or elsewhere.

Who commits here brings the document along, so that nobody has to read it; of what was committed elsewhere the listener
only hears that there is something to read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from services.upload.document import Document

Tell = Callable[[Iterable[Document]], None]


class Watch:
    """One waiter's bell. A ring that comes before anyone waits is kept, so register first and read the row after.

    `document` is what the waiter last read, for who writes the row: it saves reading it once more.
    """

    document: Document | None = None

    def __init__(self) -> None:
        self._bell = asyncio.Event()
        self._brought: Document | None = None

    def ring(self, document: Document | None = None) -> None:
        """Something may have changed: here is what was committed, or else read the row again.

        Which of two rings was about the newer commit is not known, so after two the row is read.
        """
        self._brought = None if self._bell.is_set() else document
        self._bell.set()

    def brought(self) -> Document | None:
        """The document that came with the ring, once; None where the row has to be read."""
        document, self._brought = self._brought, None
        return document

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
        self._ours: Collection[UUID] = ()

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

    def known(self, document_ids: Iterable[UUID]) -> list[Document]:
        """Those of the documents that somebody who waits for them has read, as they were then.

        An event may be tried on a row of before: what that ignores the row of now would ignore, too, and what is to be
        written is refused by its revision.
        """
        watches = (next(iter(self._watches.get(document_id, ())), None) for document_id in document_ids)
        return [watch.document for watch in watches if watch is not None and watch.document is not None]

    def wake(self, document_ids: Iterable[UUID]) -> None:
        """Rings all who wait for one of these documents, unless they are told of it here in a moment (`telling`)."""
        for document_id in document_ids:
            if document_id not in self._ours:
                self._ring(document_id)

    @contextmanager
    def telling(self, document_ids: Collection[UUID]) -> Iterator[Tell]:
        """For who writes these documents, one at a time: rings for all at the end, and brings what was told by then.

        The listener's word of our own commit comes before the commit's, and would have the row read for nothing.
        """
        told: dict[UUID, Document] = {}
        self._ours = document_ids
        try:
            yield lambda documents: told.update((document.id, document) for document in documents)
        finally:
            self._ours = ()
            for document_id in document_ids:
                self._ring(document_id, told.get(document_id))

    def _ring(self, document_id: UUID, document: Document | None = None) -> None:
        for watch in self._watches.get(document_id, ()):
            watch.ring(document)

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
    watch: Watch, read: Callable[[], Awaitable[Document | None]], done: Callable[[Document], bool], limit: Limit
) -> Document | None:
    """What each ring brings, or what is read then, and unasked every `poll_seconds`, until one is `done`.

    None where the wait ended without, or nothing can be read any more. `watch` is older than what the caller knows.
    """
    while (left := limit.left()) > 0:
        await watch.changed(min(left, limit.poll_seconds))
        found = watch.brought() or await read()
        if found is None or done(found):
            return found
    return None
