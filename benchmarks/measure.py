"""Runs a line's pair in alternation and makes one result of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.model import BenchError, Line, Measure, Pair, Reading
from benchmarks.site import Site

LINE_SECONDS = 240.0
"""A line that takes longer hangs; it mostly takes a quarter of it."""

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round read, subject and floor right after one another."""

    subject: Reading
    floor: Reading

    @property
    def ratio(self) -> float:
        """The subject's speed as a multiple of the floor's."""
        return self.subject.value / self.floor.value


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several numbers, and the least and the greatest of them."""

    middle: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Result:
    """A measured line. The ratio is the median of the rounds' ratios: what slows a whole round slows both."""

    line: Line
    rounds: Sequence[Round]

    @property
    def value(self) -> Spread:
        """The subject's speed."""
        return spread([each.subject.value for each in self.rounds])

    @property
    def floor(self) -> Spread:
        """The floor's speed."""
        return spread([each.floor.value for each in self.rounds])

    @property
    def ratio(self) -> Spread:
        """Subject to floor, round by round."""
        return spread([each.ratio for each in self.rounds])

    @property
    def met(self) -> bool:
        """Whether the median ratio reaches the goal."""
        return self.ratio.middle >= self.line.goal


def spread(numbers: Sequence[float]) -> Spread:
    """Median, least and greatest of at least one number."""
    return Spread(median(numbers), min(numbers), max(numbers))


async def measure(line: Line, site: Site, rounds: int, note: Note) -> Result:
    """Measures a line. Raises BenchError where it takes longer than LINE_SECONDS, or what its parts raise."""
    try:
        async with asyncio.timeout(LINE_SECONDS), line.open(site) as pair:
            return Result(line, [await _round(pair, number, note) for number in range(rounds)])
    except TimeoutError as error:
        raise BenchError(f"{line.name}: not done within {LINE_SECONDS:.0f} s") from error


async def _round(pair: Pair, number: int, note: Note) -> Round:
    """Every other round starts with the floor, so that what drifts favours neither."""
    await pair.prepare()
    order = ["subject", "floor"] if number % 2 else ["floor", "subject"]
    measures: dict[str, Measure] = {"subject": pair.subject, "floor": pair.floor}
    found = Round(**{name: await measures[name]() for name in order})
    note(f"  round {number + 1}: {found.subject.value:,.0f} to {found.floor.value:,.0f}, {found.ratio:.2f} x")
    return found
