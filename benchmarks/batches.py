"""The speed of a consumer, from the line it logs about each batch once its offsets are committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.model import BenchError, Reading
from benchmarks.site import Child

WITHIN_SECONDS = 90.0
_LOOK_SECONDS = 0.2
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


async def follow(child: Child, records: int) -> list[Logged]:
    """The batches until so many records are done. Raises BenchError where that is not soon, or the process ends."""
    end = asyncio.get_running_loop().time() + WITHIN_SECONDS
    batches: list[Logged] = []
    torn = ""
    with child.log.open() as log:
        while sum(each.records for each in batches) < records:
            if (reason := child.ended()) or asyncio.get_running_loop().time() > end:
                done = sum(each.records for each in batches)
                raise BenchError(f"{child.log.stem}: {done} of {records} records; {reason or 'too slow'}")
            await asyncio.sleep(_LOOK_SECONDS)
            *lines, torn = (torn + log.read()).split("\n")
            batches += filter(None, map(read_line, lines))
    return batches


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
    """Milliseconds a batch by step; `between` is polling and whatever no step counts."""
    steps = {name: sum(each.steps[name] for each in batches) / len(batches) for name in batches[0].steps}
    between = seconds * 1000 / len(batches) - sum(steps.values())
    sizes = sum(each.records for each in batches) / len(batches)
    return {"records a batch": sizes, **{f"{name} ms": value for name, value in steps.items()}, "between ms": between}
