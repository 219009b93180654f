"""Dead letters that are alike, counted: by group, cause, reason and what was done about them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploy.ops.dlq.bodies import cut
from deploy.ops.dlq.letters import Letter
from deploy.ops.dlq.selecting import age, shape
from deploy.ops.dlq.showing import when

MOST_PILES = 1000
OTHERS = "other reasons"
"""What is beyond MOST_PILES: a person reads no more, and memory stays bounded."""
MOST_OF_A_REASON = 120

Kind = tuple[str, str, str, str]
"""Group, cause, shape of the reason, state."""


@dataclass(slots=True)
class Pile:
    """Letters that are alike; times are ms since the Unix epoch, names group/partition/offset."""

    kind: Kind
    example: str
    first: str
    last: str
    oldest_ms: int
    newest_ms: int
    letters: int = 0

    def add(self, letter: Letter) -> None:
        """One more of them."""
        self.letters += 1
        self.last = letter.name
        self.oldest_ms = min(self.oldest_ms, letter.written_ms)
        self.newest_ms = max(self.newest_ms, letter.written_ms)


class Piles:
    """Counts letters as they come."""

    def __init__(self) -> None:
        self._piles: dict[Kind, Pile] = {}
        self.letters = 0

    def add(self, letter: Letter, state: str) -> None:
        """Puts a letter on its pile."""
        kind = (letter.group, letter.cause, shape(letter.reason), state)
        if kind not in self._piles and len(self._piles) >= MOST_PILES:
            kind = (letter.group, "…", OTHERS, state)
        fresh = Pile(kind, letter.reason, letter.name, letter.name, letter.written_ms, letter.written_ms)
        self._piles.setdefault(kind, fresh).add(letter)
        self.letters += 1

    def sorted(self) -> Sequence[Pile]:
        """By group, the largest first."""
        return sorted(self._piles.values(), key=lambda pile: (pile.kind[0], -pile.letters, pile.kind))

    def as_lines(self, now: datetime, *, states: bool) -> Iterator[str]:
        """A line each; `states` where not all of them are open."""
        for pile in self.sorted():
            group, cause, reason, state = pile.kind
            span = pile.first if pile.letters == 1 else f"{pile.first} … {pile.last}"
            ages = {age(pile.oldest_ms, now): None, age(pile.newest_ms, now): None}
            shown = f"{state:<9} " if states else ""
            old = " to ".join(ages)
            yield f"{pile.letters:>7} {group:<10} {cause:<13} {shown}{old:<14} {span}  {cut(reason, MOST_OF_A_REASON)}"

    def as_object(self) -> dict[str, object]:
        """The same for a program."""
        return {"letters": self.letters, "piles": [_object(pile) for pile in self.sorted()]}


def _object(pile: Pile) -> dict[str, object]:
    group, cause, reason, state = pile.kind
    return {
        "group": group,
        "cause": cause,
        "reason": reason,
        "example": pile.example,
        "state": state,
        "letters": pile.letters,
        "first": pile.first,
        "last": pile.last,
        "oldest": when(pile.oldest_ms),
        "newest": when(pile.newest_ms),
    }
