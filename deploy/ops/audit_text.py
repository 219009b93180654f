"""A report as people and as programs read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from deploy.ops.audit_model import MEANING, Check, Difference, Report

SHOWN = 1000
"""Most differences of one check that are listed; a million lines tell no more than their number."""


def as_json(report: Report) -> str:
    """Everything that was found, as one JSON object."""
    return json.dumps(data_of(report), indent=2)


def data_of(report: Report) -> dict[str, object]:
    """What a program is told of a report."""
    return {
        "clean": report.clean,
        "counted": asdict(report.counted),
        "checks": {check: not report.of(check) for check in Check},
        "differences": [facts_of(difference) for difference in report.differences],
        "notes": list(report.notes),
    }


def facts_of(difference: Difference) -> dict[str, object]:
    """What a program is told of a difference."""
    return {
        "check": difference.check,
        "what": difference.what,
        "user": difference.user,
        "key": difference.key,
        "bytes": difference.bytes,
    }


def as_text(report: Report) -> str:
    """One line a check, each followed by what contradicts it; then the notes, and what was looked at."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    for check, meaning in MEANING.items():
        found = report.of(check)
        yield f"{'FAIL' if found else 'ok':<5}{check:<10} {meaning}"
        yield from (f"       {line_of(difference)}" for difference in found[:SHOWN])
        if len(found) > SHOWN:
            yield f"       … and {len(found) - SHOWN} more"
    yield from (f"note  {note}" for note in report.notes)
    yield summary(report)


def summary(report: Report) -> str:
    """How it ended, and what was looked at."""
    counted = report.counted
    return (
        f"{'clean' if report.clean else f'{len(report.differences)} differences'}: {counted.users} users, "
        f"{counted.documents} documents, {counted.objects} objects, {counted.bytes} bytes"
    )


def line_of(difference: Difference) -> str:
    """What differs, with user, key and bytes."""
    facts = {"user": difference.user, "key": difference.key, "bytes": difference.bytes}
    named = " ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
    return f"{named}: {difference.what}" if named else difference.what
