"""What is known against packages, and what of it is let pass: by whom, why and until when. Pure rules.

An exception names one vulnerability of one package, says why it does no harm here, and ends: when it has, the finding
counts again, and the exception itself fails, so that nobody forgets either.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deploy.local.errors import StackError, one_line
from deploy.supply.packages import Package

LONGEST = timedelta(days=366)
"""An exception for ever is a decision that nobody looks at again."""
LEAST_REASON = 20
"""Characters; `n/a` is no reason."""
CLEAN, FOUND, UNREACHED = 0, 1, 3
"""Exit codes. UNREACHED: something could not be asked, so nobody knows; never told as clean."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A vulnerability of a package; `ids` are all its names (CVE, GHSA, PYSEC, GO), the first is the source's own."""

    package: Package
    ids: tuple[str, ...]
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Unreached:
    """A source that could not be asked, and why, in a line."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """What is let pass: the vulnerability `id` of the package `package` (its name), for `reason`, `until` a day."""

    id: str
    package: str
    reason: str
    until: date

    def covers(self, finding: Finding) -> bool:
        """Whether that is what is let pass, on days when it still is."""
        return self.id in finding.ids and self.package == finding.package.name


@dataclass(frozen=True, slots=True)
class Verdict:
    """Lines for a person, and the exit code."""

    lines: Sequence[str]
    code: int


def read_waivers(text: str) -> list[Waiver]:
    """The exceptions of a file. Raises StackError for one that lacks something, or says nothing."""
    try:
        found = [_waiver(each) for each in tomllib.loads(text).get("exception", [])]
    except (tomllib.TOMLDecodeError, ValueError, TypeError, KeyError) as error:
        raise StackError(f"the exceptions cannot be read: {one_line(error)}") from None
    return found


def _waiver(entry: Mapping[str, Any]) -> Waiver:
    """Raises KeyError for one that lacks something, ValueError for one that says nothing, or ends on no day."""
    made = Waiver(str(entry["id"]), str(entry["package"]), str(entry["reason"]), entry["until"])
    if type(entry["until"]) is not date or len(made.reason.strip()) < LEAST_REASON:
        raise ValueError(f"{made.id} of {made.package} needs a reason, and a day until which it holds")
    return made


def judge(findings: Sequence[Finding], unreached: Sequence[Unreached], waivers: Sequence[Waiver], on: date) -> Verdict:
    """What the findings come to, on that day."""
    holding = [waiver for waiver in waivers if on <= waiver.until <= on + LONGEST]
    lines, bad = [], 0
    for each in sorted(findings, key=lambda one: (one.package, one.ids)):
        why = next((waiver for waiver in holding if waiver.covers(each)), None)
        bad += why is None
        lines.append(_line(each, why))
    for waiver in waivers:
        wrong = _wrong(waiver, findings, on, asked=not unreached)
        bad += wrong is not None
        lines += [] if wrong is None else [f"{waiver.id} of {waiver.package}: {wrong}"]
    lines += [f"NOT ASKED  {each.source}: {each.reason}; what it knows is not known here" for each in unreached]
    return Verdict(lines, FOUND if bad else UNREACHED if unreached else CLEAN)


def _line(finding: Finding, waiver: Waiver | None) -> str:
    names = ", ".join(finding.ids)
    if waiver is None:
        return f"FOUND      {finding.package}: {names}: {finding.summary or 'no summary'}"
    return f"let pass   {finding.package}: {names}, until {waiver.until}: {waiver.reason}"


def _wrong(waiver: Waiver, findings: Sequence[Finding], on: date, *, asked: bool) -> str | None:
    """What is wrong with an exception; that it is of no use can be said only where all sources were asked."""
    if waiver.until < on:
        return f"the exception ended on {waiver.until}; upgrade, or say why it may go on"
    if waiver.until > on + LONGEST:
        return f"the exception is to last until {waiver.until}, which is longer than a year"
    if asked and not any(waiver.covers(each) for each in findings):
        return "the exception is of no use any more; take it away"
    return None
