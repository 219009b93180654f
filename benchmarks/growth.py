"""`python -m benchmarks.growth`: the ledger's cost from 10^3 to 10^7 reservations, for docs/scaling.md and its plot."""

from __future__ import annotations

import asyncio
import math
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

import uvloop

from benchmarks.filled import filled, folder, kept_site
from benchmarks.growth_point import Point, measure
from benchmarks.growth_report import write
from benchmarks.model import BenchError
from benchmarks.options import Options
from deploy.local.console import say
from deploy.local.errors import StackError, one_line

LEAST, MOST = 1000, 10**7
KEPT_FROM = 10**6
"""Smaller ledgers are made anew, so that they have the size they are named for."""


async def curve(most: int) -> list[Point]:
    """The points, a power of ten each."""
    sizes = [10**power for power in range(round(math.log10(LEAST)), round(math.log10(most)) + 1)]
    with tempfile.TemporaryDirectory(prefix="docuvault-bench-") as logs:
        async with kept_site(Options(), Path(logs)) as site:
            points = []
            for rows in sizes:
                say(f"- {rows:,} reservations")
                url = await filled(site, rows, say, fresh=rows < KEPT_FROM)
                points.append(await measure(site, rows, url))
                say("  " + ", ".join(f"{name} {value:,.4g}" for name, value in points[-1].found.items()))
    return points


def main() -> None:
    """Measures, then writes build/growth.json, docs/growth.svg and the table in docs/scaling.md."""
    parser = ArgumentParser(prog="benchmarks.growth", description="The ledger's cost by its size.")
    parser.add_argument("--most", type=int, default=MOST, help="the largest ledger, a power of ten; default 10^7")
    parser.add_argument("--output", type=Path, help="a folder for what is written; default build/ and docs/")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        points = runner.run(curve(arguments.most))
    write(points, arguments.output)
    say(f"- the ledgers stay in {folder()} for the next run")


if __name__ == "__main__":
    from benchmarks.__main__ import quiet

    quiet()
    try:
        main()
    except (BenchError, StackError) as error:
        sys.exit(f"growth: {one_line(error)}")
    except KeyboardInterrupt:
        sys.exit("growth: interrupted")
