"""The lines of one trace out of the logs of all services, in the order of their times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

NAMING = ("trace_id", "trace_ids")
"""Where a line names its trace, or the traces of its batch."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """`time` is as it was written, RFC 3339 in UTC."""

    time: str
    process: str
    text: str


def lines_of(asked: str, files: Sequence[Path]) -> list[Line]:
    """The lines of the trace `asked`, or of each trace that a line with this request's or document's id names.

    Those that name the id itself are among them. A batch that joins many traces names them where they are few.
    """
    ids = {asked, *_traces(_holding({asked}, files))}
    return sorted(_holding(ids, files))


def _traces(lines: Iterable[Line]) -> Iterator[str]:
    """Of a batch with others nothing is followed: it would lead to all of theirs."""
    for line in lines:
        found = json.loads(line.text).get(NAMING[0])
        if isinstance(found, str):
            yield found


def _holding(ids: set[str], files: Sequence[Path]) -> Iterator[Line]:
    for path in files:
        with path.open(errors="backslashreplace") as lines:
            for text in lines:
                if any(each in text for each in ids) and (time := _time(text)):
                    yield Line(time, path.name.partition(".log")[0], text.rstrip("\n"))


def _time(text: str) -> str | None:
    """None for what is no line of a service."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    time = found.get("time") if isinstance(found, dict) else None
    return time if isinstance(time, str) else None
