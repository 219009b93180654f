"""Which few faults break it: a list that fails is run again in halves, as often as one likes. Pure but for that.

Faults race with a load, so what failed once need not fail again: the shortest list that did is what is told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")

Fails = Callable[[Sequence[T]], Awaitable[bool]]
"""Whether it still breaks with these alone."""


@dataclass(frozen=True, slots=True)
class Shrunk(Generic[T]):
    """The shortest list that was seen to fail, after so many runs; `least`: no half or third of it fails."""

    left: Sequence[T]
    runs: int
    least: bool


async def shrink(failing: Sequence[T], fails: Fails[T], most_runs: int) -> Shrunk[T]:
    """Leaves out a half, then a quarter and so on, for as long as the rest fails (Zeller's ddmin)."""
    left, runs, parts = list(failing), 0, 2
    while len(left) > 1 and parts <= len(left):
        for without in _without_each(left, parts):
            if runs >= most_runs:
                return Shrunk(left, runs, least=False)
            runs += 1
            if await fails(without):
                left, parts = without, max(parts - 1, 2)
                break
        else:
            if parts == len(left):
                break
            parts = min(parts * 2, len(left))
    return Shrunk(left, runs, least=True)


def _without_each(items: Sequence[T], parts: int) -> list[list[T]]:
    """The list without its first part, without its second, and so on; the parts are as equal as can be."""
    bounds = [len(items) * at // parts for at in range(parts + 1)]
    return [[*items[:start], *items[end:]] for start, end in pairwise(bounds)]
