"""Runs a line's pair in alternation and makes one result of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.model import BenchError, Limit, Line, Measure, Pair, Reading
from benchmarks.site import Site

Note = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Round:
    """What one round read, subject and floor right after one another."""

    subject: Reading
    floor: Reading

    @property
    def ratio(self) -> float:
        """The subject's value as a multiple of the floor's."""
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
    seconds: float = 0.0

    @property
    def value(self) -> Spread:
        """What was measured of the subject."""
        return spread([each.subject.value for each in self.rounds])

    @property
    def floor(self) -> Spread:
        """What was measured of the floor."""
        return spread([each.floor.value for each in self.rounds])

    @property
    def ratio(self) -> Spread:
        """Subject to floor, round by round."""
        return spread([each.ratio for each in self.rounds])

    def limited(self, limit: Limit) -> float:
        """The median of what the goal beside the ratio is about, over the rounds that tell it."""
        return median(each.subject.where[limit.name] for each in self.rounds if limit.name in each.subject.where)

    @property
    def met(self) -> bool:
        """Whether the medians keep the goal and all goals beside it."""
        main = self.ratio if self.line.goal.of == "ratio" else self.value
        beside = all(limit.goal.met_by(self.limited(limit)) for limit in self.line.limits)
        return self.line.goal.met_by(main.middle) and beside


def spread(numbers: Sequence[float]) -> Spread:
    """Median, least and greatest of at least one number."""
    return Spread(median(numbers), min(numbers), max(numbers))


async def measure(line: Line, site: Site, rounds: int, note: Note) -> Result:
    """Measures a line. Raises BenchError where it takes longer than its time, or what its parts raise."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(line.seconds), line.open(site) as pair:
            found = [await _round(line, pair, number, note) for number in range(rounds)]
    except TimeoutError as error:
        raise BenchError(f"{line.name}: not done within {line.seconds:.0f} s") from error
    return Result(line, found, time.monotonic() - started)


async def _round(line: Line, pair: Pair, number: int, note: Note) -> Round:
    """Every other round starts with the floor, so that what drifts favours neither."""
    await pair.prepare()
    order = ["subject", "floor"] if number % 2 else ["floor", "subject"]
    measures: dict[str, Measure] = {"subject": pair.subject, "floor": pair.floor}
    found = Round(**{name: await _read(line, name, measures[name]) for name in order})
    subject, floor = found.subject.value, found.floor.value
    note(f"  round {number + 1}: {subject:,.4g} to {floor:,.4g} {line.unit}, {found.ratio:.2f} x")
    return found


async def _read(line: Line, name: str, measure: Measure) -> Reading:
    """A reading of nothing is none: no ratio can be made of it. Raises BenchError."""
    reading = await measure()
    if not reading.value > 0:
        raise BenchError(f"{line.name}: the {name} reads {reading.value:g} {line.unit}")
    return reading
