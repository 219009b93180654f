"""Replays and discards: a slice of letters at a time, each done before it is journaled."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, repeat

from docuvault_contracts.deadletters import JournalEntry

from deploy.local.errors import StackError
from deploy.ops.dlq.letters import Letter, Original, Place, Refusal, original_of
from deploy.ops.dlq.watching import Fate, Watcher
from deploy.ops.dlq.writing import Writer

FIRST_SLICES = (10, 100)
"""A few at first: where the bug is still there, few come back, far below what halts a consumer (ADR 15)."""
SLICE = 500
SLICE_BYTES = 8 * 1024 * 1024

Tell = Callable[[Fate], None]


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does it, and why."""

    by: str
    why: str = ""

    def entry(self, letter: Letter, to: Place | None, now: datetime) -> JournalEntry:
        """What the journal says of it; discarded where it was put back nowhere. `now` is timezone-aware."""
        return JournalEntry(
            group=letter.group,
            partition=letter.partition,
            offset=letter.offset,
            written_ms=letter.written_ms,
            action="discarded" if to is None else "replayed",
            by=self.by,
            at=now,
            why=self.why,
            replayed_to="" if to is None else str(to),
        )


@dataclass(slots=True)
class Tally:
    """How many letters became what; `stopped` says why the rest was not touched."""

    counts: Counter[str] = field(default_factory=Counter)
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Replay:
    """Puts letters back. Stops after a slice of which some came back or were not read, unless it is to `go_on`."""

    partitions: Mapping[str, int]
    doer: Doer
    tell: Tell
    mend_headers: bool = False
    go_on: bool = False

    async def dry(self, letters: AsyncIterator[Letter]) -> Tally:
        """Says what would be done, and does nothing."""
        tally = Tally()
        async for letter in letters:
            found = self._original(letter)
            self._told(tally, _refused(found) if isinstance(found, Refusal) else _would_be(found))
        return tally

    async def run(self, letters: AsyncIterator[Letter], writer: Writer, watcher: Watcher | None) -> Tally:
        """Puts them back, watched where there is a watcher. Raises StackError where Kafka goes away: do it again."""
        tally = Tally()
        async for slice_ in slices(letters, chain(FIRST_SLICES, repeat(SLICE)) if watcher else repeat(SLICE)):
            if stopped := self._stops(tally):
                tally.stopped = stopped
                break
            if watcher:
                await watcher.begin(slice_)
            fates = await self._put_back(slice_, writer)
            for fate in await self._watched(fates, watcher, tally):
                self._told(tally, fate)
        return tally

    async def _put_back(self, letters: Sequence[Letter], writer: Writer) -> list[Fate]:
        found = [self._original(letter) for letter in letters]
        originals = [each for each in found if isinstance(each, Original)]
        outcomes = iter(await writer.put_back(originals))
        settled = [each if isinstance(each, Refusal) else next(outcomes) for each in found]
        done = [(letter, to) for letter, to in zip(letters, settled, strict=True) if isinstance(to, Place)]
        now = datetime.now(UTC)
        await writer.journal([self.doer.entry(letter, to, now) for letter, to in done])
        return [
            _refused(to) if isinstance(to, Refusal) else Fate(letter, "replayed", to)
            for letter, to in zip(letters, settled, strict=True)
        ]

    async def _watched(self, fates: list[Fate], watcher: Watcher | None, tally: Tally) -> list[Fate]:
        if watcher is None:
            return fates
        try:
            return await watcher.fates(fates)
        except StackError:  # they are put back, whatever becomes of them
            for fate in fates:
                self._told(tally, fate)
            raise

    def _stops(self, tally: Tally) -> str:
        if self.go_on:
            return ""
        if tally.counts["came back"]:
            return "some came back"
        return "some were not read in time" if tally.counts["unread"] else ""

    def _original(self, letter: Letter) -> Original | Refusal:
        return original_of(letter, self.partitions, mend_headers=self.mend_headers)

    def _told(self, tally: Tally, fate: Fate) -> None:
        tally.counts[fate.what] += 1
        self.tell(fate)


async def discard(letters: AsyncIterator[Letter], writer: Writer | None, doer: Doer, tell: Tell) -> Tally:
    """Journals that they are done with; only says so without a writer. Raises StackError."""
    tally = Tally()
    async for slice_ in slices(letters, repeat(SLICE)):
        if writer is not None:
            now = datetime.now(UTC)
            await writer.journal([doer.entry(letter, None, now) for letter in slice_])
        for letter in slice_:
            fate = Fate(letter, "discarded" if writer is not None else "would be discarded", reason=doer.why)
            tally.counts[fate.what] += 1
            tell(fate)
    return tally


async def slices(letters: AsyncIterator[Letter], sizes: Iterator[int]) -> AsyncIterator[list[Letter]]:
    """As many as the next of `sizes` says, fewer where they are large: SLICE_BYTES and one letter bound the memory."""
    found: list[Letter] = []
    size, room = next(sizes), SLICE_BYTES
    async for letter in letters:
        found.append(letter)
        room -= len(letter.value) + len(letter.key)
        if len(found) >= size or room <= 0:
            yield found
            found, size, room = [], next(sizes), SLICE_BYTES
    if found:
        yield found


def _would_be(original: Original) -> Fate:
    return Fate(original.letter, "would be replayed", reason=f"to {original.topic}/{original.partition}")


def _refused(refusal: Refusal) -> Fate:
    return Fate(refusal.letter, "refused", reason=refusal.reason)
