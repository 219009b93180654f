"""The speed of consumers, from the line each logs about a batch once its offsets are committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TextIO

from benchmarks.model import BenchError, Reading
from benchmarks.site import Child

WITHIN_SECONDS = 90.0
_LOOK_SECONDS = 0.05
_STEP = "_ms"


@dataclass(frozen=True, slots=True)
class Logged:
    """A batch, as its line says: when it was done, what was in it, and milliseconds by step."""

    done_at: datetime
    records: int
    published: int
    dead_letters: int
    steps: dict[str, float] = field(default_factory=dict)


def read_line(text: str) -> Logged | None:
    """The batch a line of a log is about; None for any other line."""
    if '"consumer.batch"' not in text:
        return None
    said = json.loads(text)
    steps = {name.removesuffix(_STEP): value for name, value in said.items() if name.endswith(_STEP)}
    return Logged(datetime.fromisoformat(said["time"]), said["records"], said["published"], said["dead_letters"], steps)


Read = Callable[[str], Logged | None]


def read_decided(text: str) -> Logged | None:
    """The part of a batch that was decided, for a consumer that is told other things besides; None where none was."""
    found = read_line(text)
    if found is None or not (found.published or found.dead_letters):
        return None
    return replace(found, records=found.published)


class Tail:
    """What a growing log has said since the last look, in whole lines."""

    def __init__(self, log: TextIO) -> None:
        self._log = log
        self._torn = ""

    def lines(self) -> list[str]:
        """New lines, without their ends."""
        *lines, self._torn = (self._torn + self._log.read()).split("\n")
        return lines


def nobody() -> None:
    """For whom it is nothing that the first batch is done."""


async def follow(
    children: Sequence[Child], records: int, on_first: Callable[[], None] = nobody, read: Read = read_line
) -> list[Logged]:
    """The batches until the children together have done so many records, by the time they were done.

    `on_first` is called once the first is. Raises BenchError where it takes too long, or a process ends.
    """
    end = asyncio.get_running_loop().time() + WITHIN_SECONDS
    batches: list[Logged] = []
    logs = [child.log.open() for child in children]
    try:
        tails = [Tail(log) for log in logs]
        while sum(each.records for each in batches) < records:
            _check(children, batches, records, late=asyncio.get_running_loop().time() > end)
            await asyncio.sleep(_LOOK_SECONDS)
            found = [batch for tail in tails for batch in map(read, tail.lines()) if batch is not None]
            if found and not batches:
                on_first()
            batches += found
    finally:
        for log in logs:
            log.close()
    return sorted(batches, key=lambda each: each.done_at)


def _check(children: Sequence[Child], batches: Sequence[Logged], records: int, *, late: bool) -> None:
    for child in children:
        if (reason := child.ended()) or late:
            done = sum(each.records for each in batches)
            raise BenchError(f"{child.log.stem}: {done} of {records} records; {reason or 'too slow'}")


async def says(child: Child, word: str, within: float = 90.0) -> None:
    """Returns once a line of the child's log holds the word. Raises BenchError where none does in time."""
    end = asyncio.get_running_loop().time() + within
    with child.log.open() as log:
        tail = Tail(log)
        while not any(word in line for line in tail.lines()):
            if (reason := child.ended()) or asyncio.get_running_loop().time() > end:
                raise BenchError(f"{child.log.stem}: never said {word}; {reason or 'too slow'}")
            await asyncio.sleep(_LOOK_SECONDS)


def speed_of(batches: Sequence[Logged], records: int) -> Reading:
    """Records a second from the end of the first batch, which pays for the start, to the end of the last.

    Raises BenchError where anything but one event a record was said: then something else was measured.
    """
    said = sum(each.published for each in batches), sum(each.dead_letters for each in batches)
    if said != (records, 0) or sum(each.records for each in batches) != records:
        raise BenchError(f"of {records} records came {said[0]} events and {said[1]} dead letters")
    timed = batches[1:]
    seconds = (batches[-1].done_at - batches[0].done_at).total_seconds()
    if seconds <= 0:
        raise BenchError("one batch is no measure")
    return Reading(sum(each.records for each in timed) / seconds, _steps(timed, seconds))


def _steps(batches: Sequence[Logged], seconds: float) -> dict[str, float]:
    """Milliseconds a batch by step; `between` is polling and whatever no step counts.

    Where steps of several batches overlap, `between` is below 0 by as much.
    """
    names = sorted({name for each in batches for name in each.steps})
    steps = {name: sum(each.steps.get(name, 0.0) for each in batches) / len(batches) for name in names}
    between = seconds * 1000 / len(batches) - sum(steps.values())
    sizes = sum(each.records for each in batches) / len(batches)
    return {"records a batch": sizes, **{f"{name} ms": value for name, value in steps.items()}, "between ms": between}
