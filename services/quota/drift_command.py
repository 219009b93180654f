"""`python -m services.quota drift`: totals that are not the sum of their rows, on the database of DATABASE_URL.

Exit 0: none, or all were repaired. 1: some are left. 2: it could not be told, one line on stderr says why.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from typing import ClassVar

from services.chassis.errors import Transient
from services.chassis.logging import configure
from services.chassis.postgres import open_pool
from services.chassis.settings import DatabaseSettings, ServiceSettings, SettingsError, load
from services.quota.drift import Finding, find_drift, look_again

CLEAN, LEFT, UNKNOWN = 0, 1, 2
OPERATOR = "operator"


class Settings(ServiceSettings, DatabaseSettings):
    """What the command needs of the ledger's settings."""

    service_name: ClassVar[str] = "quota"


def main(arguments: Sequence[str]) -> int:
    """Prints what differs, and what was done about it; the exit code says whether anything is left."""
    options = _parser().parse_args(arguments)
    try:
        settings = load(Settings)
        configure(settings.service_name, settings.replica, "ERROR", stream=sys.stderr)
        counts = asyncio.run(_run(settings, options))
    except (SettingsError, Transient) as error:
        sys.stderr.write(f"drift: {' '.join(str(error).split())}\n")
        return UNKNOWN
    return LEFT if counts["found"] or counts["refused"] else CLEAN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.quota drift",
        description="Finds accounts whose bytes in use are not the sum of their reservations.",
        epilog="Exit 0: none, or all were repaired. 1: some are left. 2: it could not be told.",
    )
    parser.add_argument("--fix", action="store_true", help="repair those whose rows can be believed, in the journal")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, the last one with the sums")
    parser.add_argument("--by", default=OPERATOR, help=f"who signs the journal's lines, default {OPERATOR}")
    return parser


async def _run(settings: Settings, options: argparse.Namespace) -> Counter[str]:
    counts: Counter[str] = Counter()
    async with open_pool(settings) as pool, aclosing(find_drift(pool, repair=options.fix, by=options.by)) as slices:
        async for findings in slices:
            for finding in findings:
                counts[finding.done] += 1
                _say(as_json(finding) if options.json else as_text(finding))
        if counts["repaired"]:
            await look_again(pool)
    sums = {done: counts[done] for done in ("found", "repaired", "refused")}
    _say(json.dumps(sums) if options.json else ", ".join(f"{number} {done}" for done, number in sums.items()))
    return counts


def as_text(finding: Finding) -> str:
    """One line."""
    return f"{finding.done:<8} user={finding.drift.user_id}: {finding.drift.why}"


def as_json(finding: Finding) -> str:
    """One line, too: there may be any number of them."""
    return json.dumps(facts_of(finding))


def facts_of(finding: Finding) -> dict[str, object]:
    """What a program or a log wants to know of a finding."""
    drift = finding.drift
    return {
        "done": finding.done,
        "user_id": str(drift.user_id),
        "used_bytes": drift.used_bytes,
        "reserved_bytes": drift.reserved_bytes,
        "why": drift.why,
    }


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
