"""How a walk goes, and how far it has come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.janitor.reconcile_rules import Difference, Kind, Turn

NS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Manner:
    """How to walk. `grace_seconds` is the age below which an object's notification may still be on its way.

    Of what is as it should be, one key in `asks_every` is asked about, in turn, another share every `turn_seconds`;
    none where that is 0. Where a walk misses more than `most_missing` objects that are paid for, nothing is said of
    any: rather is the bucket not the one it was, than that so many were removed by hand.
    """

    grace_seconds: float
    pages_per_second: float
    looks_at_once: int
    asks_every: int = 0
    turn_seconds: float = 86_400
    most_missing: int = 100
    dry_run: bool = False
    remove_foreign: bool = False

    def settled_ns(self, looked_ns: int) -> int:
        """What is of no later time, at a look at `looked_ns`, has been told of, or never will be."""
        return looked_ns - int(self.grace_seconds * NS_PER_SECOND)

    def turn(self, looked_ns: int) -> Turn:
        """Whose turn it is at a look at `looked_ns`; nobody's in a walk that acts on nothing."""
        number = looked_ns // int(self.turn_seconds * NS_PER_SECOND)
        return Turn(0 if self.dry_run else self.asks_every, number)


class Place(Protocol):
    """Where a walk stands, and whether it may go on: the lease of its job."""

    async def check(self) -> None:
        """Raises LeaseLost where the walk is no longer ours."""
        ...

    async def save(self, cursor: Mapping[str, object] | None) -> None:
        """Keeps how far it has come, over crashes."""
        ...

    @property
    def cursor(self) -> Mapping[str, object] | None:
        """What was saved last."""
        ...


class Nowhere:
    """The place of a walk that acts on nothing: nobody minds it, and nothing of it is kept."""

    cursor: Mapping[str, object] | None = None

    async def check(self) -> None:
        """Whoever only looks may always go on."""

    async def save(self, cursor: Mapping[str, object] | None) -> None:
        """Nothing is kept."""


@dataclass(slots=True)
class Progress:
    """The last key a walk is done with, and what it has counted so far.

    `absences` are those that are to be said at its end, each with the store's time of its look. They are not kept over
    a crash: the next walk finds them again.
    """

    after: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    absences: list[tuple[Difference, int]] = field(default_factory=list)

    @classmethod
    def of(cls, cursor: Mapping[str, object] | None) -> Progress:
        """Where a walk was left; the start where it was not, or where nobody understands the cursor any more."""
        match cursor:
            case {"after": str(after), "counts": dict(counts)}:
                return cls(after, Counter(counts))
        return cls()

    def cursor(self) -> Mapping[str, object]:
        """As JSON has it."""
        return {"after": self.after, "counts": dict(self.counts)}

    def defer(self, missing: Sequence[Difference], looked_ns: int, manner: Manner) -> None:
        """Keeps absences for the end, as far as they may still be said then: more of them are too many."""
        room = max(0, manner.most_missing - len(self.absences))
        self.absences += [(each, looked_ns) for each in missing[:room]]

    @property
    def differences(self) -> int:
        """How many there were so far."""
        return sum(self.counts[kind] for kind in Kind)

    def result(self) -> Mapping[str, object]:
        """What a walk says of itself: objects seen, differences by kind, what was said, withheld and removed."""
        names = ("objects", *Kind, "said", "withheld", "asked", "removed")
        return {str(name): self.counts[name] for name in names}


class Pace:
    """Lets so many pages through a second, one at a time."""

    def __init__(self, pages_per_second: float) -> None:
        self._seconds = 1 / pages_per_second
        self._next = 0.0

    async def turn(self) -> None:
        """Returns when the next one may be worked on."""
        now = asyncio.get_running_loop().time()
        wait, self._next = self._next - now, max(now, self._next) + self._seconds
        if wait > 0:
            await asyncio.sleep(wait)


class Listener(Protocol):
    """Who hears of a walk while it goes on."""

    def found(self, difference: Difference) -> None:
        """A difference that is sure; nothing is said of it to anybody yet."""
        ...

    def passed(self, objects: int, progress: Progress) -> None:
        """So many objects further."""
        ...
