"""What a line of the table is made of, and the lines by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeAlias

from benchmarks.site import Site


class BenchError(Exception):
    """Why a line could not be measured, in one line."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement: something a second, and where its time went, as far as it is known (a number by its name)."""

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
class Line:
    """A line: `open` sets its pair up on a site and clears it away. The goal is the least ratio that is good enough."""

    name: str
    floor_name: str
    goal: float
    open: Callable[[Site], AbstractAsyncContextManager[Pair]]


def chosen(lines: tuple[Line, ...], part: str) -> tuple[Line, ...]:
    """The lines whose name has `part` in it, whatever its case. Raises BenchError where none has."""
    found = tuple(line for line in lines if part.lower() in line.name.lower())
    if not found:
        raise BenchError(f"no line has {part!r} in its name; there are: {'; '.join(line.name for line in lines)}")
    return found
