"""Walks the bucket beside what is known of its keys, and says to the ledger what differs; see reconcile_rules.py.

Memory is that of two pages, whatever the bucket and the table hold: both are read in the order of their keys. What
looks wrong is looked at once more in the store, right before anything is said of it: between a page and the rows beside
it objects come and go.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import structlog
from docuvault_contracts.cloudevents import Message

from services.chassis.abreast import abreast
from services.chassis.producer import Publisher
from services.chassis.retry import apart
from services.chassis.storage import Listed, ObjectStat, Page
from services.janitor.events import missing_message, observed_message
from services.janitor.reconcile_progress import Listener, Manner, Pace, Place, Progress
from services.janitor.reconcile_rules import Difference, Kind, Range, Row, cut, differences, judge, to_ask, within

log = structlog.get_logger(__name__)

Item = TypeVar("Item")

MOST_ROWS = 2000
"""Rows read at once: a range may hold many more than it holds objects, where much was removed."""
SLICE = 200
"""Keys that are looked at once more, and said, together."""
SAVE_SECONDS = 1.0
"""How much of a walk whoever goes on with it may have to do again."""


class Store(Protocol):
    """The calls of the object storage that are needed here. All raise Transient where the store is away."""

    async def list_page(self, after: str) -> Page:
        """The objects that come after a key."""
        ...

    async def stat_object(self, object_key: str) -> ObjectStat | None:
        """What is under exactly this key."""
        ...

    async def delete_objects(self, object_keys: Sequence[str]) -> None:
        """Removes up to a page of objects."""
        ...


class Rows(Protocol):
    """What is known of the keys. Raises Transient where the database is away."""

    async def between(self, wanted: Range, most: int) -> Sequence[Row]:
        """The first `most` rows of a range, in the order of their keys."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """A range of keys with all that the store and the table have in it, and what the store's time was."""

    read: Range
    stored: Sequence[Listed]
    rows: Sequence[Row]
    looked_ns: int


class Reconciler:
    """Makes walks in one manner; `listener` hears how they go."""

    def __init__(self, store: Store, rows: Rows, publisher: Publisher, manner: Manner, listener: Listener) -> None:
        self._store = store
        self._rows = rows
        self._publisher = publisher
        self._manner = manner
        self._listener = listener

    async def walk(self, place: Place) -> Progress:
        """From where `place` stands to the end of the bucket. Raises Transient, having come as far as `place` keeps."""
        progress, pace = Progress.of(place.cursor), Pace(self._manner.pages_per_second)
        saved = asyncio.get_running_loop().time()
        async with aclosing(pages(self._store, progress.after)) as found:
            async for page in found:
                async for window in self._windows(page, progress.after):
                    await pace.turn()
                    await self._settle(window, place, progress)
                    if asyncio.get_running_loop().time() - saved > SAVE_SECONDS:
                        await place.save(progress.cursor())
                        saved = asyncio.get_running_loop().time()
        await self._say_absences(place, progress)
        return progress

    async def _windows(self, page: Page, after: str) -> AsyncIterator[Window]:
        """The page, cut where more rows lie beside it than are read at once."""
        left: Range | None = Range(after, page.objects[-1].key if page.more else None)
        while left is not None:
            rows = await self._rows.between(left, MOST_ROWS)
            read = cut(left, rows, MOST_ROWS)
            yield Window(read, [*within(page.objects, read)], rows, page.looked_ns)
            left = None if read is left or read.until is None else Range(read.until, left.until)

    async def _settle(self, window: Window, place: Place, progress: Progress) -> None:
        """All of a window, in slices: the memory of a walk is not that of a page of which everything differs."""
        await place.check()
        settled_ns = self._manner.settled_ns(window.looked_ns)
        for suspects in slices(differences(window.stored, window.rows, settled_ns)):
            found = await self._sure(suspects, settled_ns, progress)
            progress.defer([each for each in found if each.kind is Kind.MISSING], window.looked_ns, self._manner)
            now = [each for each in found if each.kind is not Kind.MISSING]
            await self._say("said", [*messages_of(now, window.looked_ns)], place, progress)
            await self._remove([each.object_key for each in found if each.kind is Kind.FOREIGN], place, progress)
        for asked in slices(to_ask(window.stored, window.rows, settled_ns, self._manner.turn(window.looked_ns))):
            questions = [observed_message(row, stat_of(stored)) for row, stored in asked]
            await self._say("asked", questions, place, progress)
        progress.counts["objects"] += len(window.stored)
        progress.after = window.read.until or progress.after
        self._listener.passed(len(window.stored), progress)

    async def _sure(self, suspects: Sequence[Difference], settled_ns: int, progress: Progress) -> list[Difference]:
        """What still differs when it is looked at once more."""
        again = await abreast(partial(self._look, settled_ns), suspects, self._manner.looks_at_once)
        found = [each for each in again if each is not None]
        for difference in found:
            self._listener.found(difference)
        progress.counts.update(str(each.kind) for each in found)
        return found

    async def _look(self, settled_ns: int, seen: Difference) -> Difference | None:
        """The difference as it is now; None where there is none any more, or an object came or went meanwhile."""
        if seen.kind is Kind.FOREIGN:
            return seen
        stat = await self._store.stat_object(seen.object_key)
        now = Listed(seen.object_key, stat.size, stat.etag, stat.observed_ns) if stat else None
        kind = judge(seen.object_key, now, seen.row, settled_ns)
        if kind is None or (now is None) != (seen.stored is None):
            return None
        return Difference(kind, seen.object_key, now, seen.row)

    async def _say(self, outcome: str, messages: Sequence[Message], place: Place, progress: Progress) -> None:
        if messages and not self._manner.dry_run:
            await place.check()
            await self._publisher.publish(messages)
            progress.counts[outcome] += len(messages)

    async def _remove(self, foreign: Sequence[str], place: Place, progress: Progress) -> None:
        if foreign and self._manner.remove_foreign and not self._manner.dry_run:
            await place.check()
            await apart(self._store.delete_objects(foreign))
            log.warning("janitor.foreign_removed", keys=foreign)
            progress.counts["removed"] += len(foreign)

    async def _say_absences(self, place: Place, progress: Progress) -> None:
        """All that are missing, unless they are too many to be believed."""
        missing = progress.counts[Kind.MISSING]
        if self._manner.dry_run:
            return
        if missing > self._manner.most_missing:
            progress.counts["withheld"] = missing
            log.error("janitor.absences_withheld", missing=missing, most=self._manner.most_missing)
            return
        again = await abreast(self._is_gone, progress.absences, self._manner.looks_at_once)
        absences = [absence for absence, gone in zip(progress.absences, again, strict=True) if gone]
        messages = [message for each, looked_ns in absences for message in messages_of([each], looked_ns)]
        await self._say("said", messages, place, progress)

    async def _is_gone(self, absence: tuple[Difference, int]) -> bool:
        """Once more: since it was found a whole walk may have gone by, and its owner have put it again."""
        return await self._store.stat_object(absence[0].object_key) is None


def slices(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Of at most SLICE."""
    return (items[start : start + SLICE] for start in range(0, len(items), SLICE))


async def pages(store: Store, after: str) -> AsyncGenerator[Page, None]:
    """All pages that come after a key; each is asked for while the one before is worked on. Raises Transient."""
    coming = asyncio.create_task(_page(store, after))
    try:
        while True:
            page = await coming
            if page.more:
                coming = asyncio.create_task(_page(store, page.objects[-1].key))
            yield page
            if not page.more:
                return
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        if not coming.cancelled():
            coming.exception()  # nobody asks for it any more


async def _page(store: Store, after: str) -> Page:
    return await apart(store.list_page(after))


def messages_of(found: Sequence[Difference], looked_ns: int) -> Iterator[Message]:
    """What is said to the ledger: what the store holds, whatever it should.

    An absence is told for `looked_ns`: the page before had no such object, nor had the look after, so whatever came
    by then is gone, and whatever came later is not outdated by it.
    """
    for each in found:
        if each.kind is Kind.FOREIGN:
            continue
        if each.stored is None:
            yield missing_message(each, looked_ns)
        else:
            yield observed_message(each, stat_of(each.stored))


def stat_of(stored: Listed) -> ObjectStat:
    """What a listing says of an object, as a stat does."""
    return ObjectStat(stored.size, stored.etag, stored.observed_ns)
