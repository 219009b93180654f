"""What a line of the table is made of, and the lines by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from benchmarks.errors import BenchError
from benchmarks.site import Site

__all__ = ["BenchError", "Goal", "Limit", "Line", "Measure", "Pair", "Reading", "at_least", "at_most", "chosen"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement in its line's unit, and where it went, as far as it is known (a number by its name)."""

    value: float
    where: Mapping[str, float] = field(default_factory=dict)


Measure: TypeAlias = Callable[[], Awaitable[Reading]]


async def nothing() -> None:
    """For a pair that needs nothing before a round."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is measured and the floor it is held against; `prepare` runs before each round, outside both."""

    subject: Measure
    floor: Measure
    prepare: Callable[[], Awaitable[None]] = nothing


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound and which side of it is good. It is on the ratio to the floor, or on the value itself."""

    bound: float
    side: Literal["at least", "at most"] = "at least"
    of: Literal["ratio", "value"] = "ratio"

    def met_by(self, number: float) -> bool:
        """Whether the number is on the good side, or on the bound."""
        return number >= self.bound if self.side == "at least" else number <= self.bound

    def text(self, unit: str) -> str:
        """As the table shows it, e.g. "≤ 1.2 x"."""
        return f"{'≥' if self.side == 'at least' else '≤'} {self.bound:g} {unit}"


def at_least(ratio: float) -> Goal:
    """For a speed."""
    return Goal(ratio)


def at_most(ratio: float) -> Goal:
    """For a cost."""
    return Goal(ratio, "at most")


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal beside the ratio: on the number that the subject's readings call `name`, in the median round."""

    name: str
    goal: Goal


@dataclass(frozen=True, slots=True)
class Line:
    """A line: `open` sets its pair up on a site and clears it away.

    `unit` is that of value and floor; with `rounds` the line sets their number itself, and `seconds` bounds them all.
    """

    name: str
    floor_name: str
    goal: Goal
    open: Callable[[Site], AbstractAsyncContextManager[Pair]]
    unit: str = "/s"
    limits: tuple[Limit, ...] = ()
    seconds: float = 240.0


def chosen(lines: tuple[Line, ...], part: str) -> tuple[Line, ...]:
    """The lines whose name has `part` in it, whatever its case. Raises BenchError where none has."""
    found = tuple(line for line in lines if part.lower() in line.name.lower())
    if not found:
        raise BenchError(f"no line has {part!r} in its name; there are: {'; '.join(line.name for line in lines)}")
    return found
