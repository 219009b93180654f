"""A trace as a tree, out of the Collector's file: who did what below what, when, for how long, and what failed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAILED = 2
"""OTLP's code of a status."""


@dataclass(frozen=True, slots=True)
class Told:
    """A span; ids in hex, times in ns since the epoch, `failed` the class of what went wrong."""

    trace: str
    id: str
    parent: str
    service: str
    name: str
    began: int
    ended: int
    failed: str | None


def read(path: Path) -> Iterator[Told]:
    """All spans of the file and of the one that was put aside before it. A last line that is torn is left out."""
    for each in sorted(path.parent.glob(f"{path.stem}*{path.suffix}")):
        for line in each.read_text("utf-8", "replace").splitlines():
            if line.endswith("}"):
                yield from _spans(json.loads(line))


def _spans(export: Mapping[str, Any]) -> Iterator[Told]:
    for resource in export["resourceSpans"]:
        service = str(_attributes(resource["resource"]).get("service.name", "?")).removeprefix("docuvault-")
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                yield _told(service, span)


def _told(service: str, span: Mapping[str, Any]) -> Told:
    failed = span.get("status", {}).get("code") == FAILED
    return Told(
        span["traceId"],
        span["spanId"],
        span.get("parentSpanId", ""),
        service,
        span["name"],
        int(span["startTimeUnixNano"]),
        int(span["endTimeUnixNano"]),
        str(_attributes(span).get("error.type", "failed")) if failed else None,
    )


def _attributes(found: Mapping[str, Any]) -> dict[str, object]:
    return {each["key"]: next(iter(each["value"].values()), None) for each in found.get("attributes", ())}


def tree(spans: Iterable[Told], trace: str) -> list[str]:
    """Lines of a trace, each below its parent, in the order of their beginnings; ms from the first, and how long."""
    those = sorted((span for span in spans if span.trace == trace), key=lambda span: span.began)
    ids, below = {span.id for span in those}, defaultdict[str, list[Told]](list)
    for span in those:
        below[span.parent if span.parent in ids else ""].append(span)
    return list(_lines(below, "", 0, those[0].began if those else 0))


def _lines(below: Mapping[str, Sequence[Told]], parent: str, depth: int, start: int) -> Iterator[str]:
    for span in below.get(parent, ()):
        at, took = (span.began - start) / 1e6, (span.ended - span.began) / 1e6
        wrong = f"  FAILED {span.failed}" if span.failed else ""
        yield f"{at:10,.1f} {took:10,.1f}  {'  ' * depth}{span.service}  {span.name}{wrong}"
        yield from _lines(below, span.id, depth + 1, start)
