"""`python -m benchmarks.simulation`: measures the steps, predicts the knee, then drives the real servers up to it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path

import uvloop

from benchmarks.__main__ import quiet
from benchmarks.ledger import open_ledger
from benchmarks.model import BenchError
from benchmarks.options import Options
from benchmarks.simulation.calibrate import calibrate
from benchmarks.simulation.load import open_load
from benchmarks.simulation.model import TICK_SECONDS, Plant, knee, simulate
from benchmarks.simulation.report import Comparison, seen, write
from benchmarks.site import Site, open_site
from deploy.local.console import say
from deploy.local.errors import StackError, one_line

PARTS = (0.25, 0.5, 0.7, 0.85, 1.0, 1.15, 1.3)
"""The loads, as parts of the predicted knee."""
LONGER = 4
"""A simulation costs less than a run, and what is chance in it is less in so many times the time."""


async def compare(site: Site, seconds: float) -> Comparison:
    """The prediction is made before any of the loads is seen."""
    async with open_ledger(site) as ledger, open_load(ledger) as load:
        await load.alone(100, 5)  # an empty store is faster than it will ever be again
        costs = await calibrate(ledger, load)
        at = knee(costs, Plant())
        say(f"- {costs}\n- the knee is predicted at {at:,.0f} uploads a second")
        predicted, measured = [], []
        for part in PARTS:
            predicted.append(seen(part * at, simulate(costs, Plant(), part * at, LONGER * seconds)))
            measured.append(seen(part * at, (await load.decided(part * at, seconds)).outcome))
            say(f"- predicted {predicted[-1]}\n  measured  {measured[-1]}")
    return Comparison(costs, at, predicted, measured)


def main() -> None:
    """Measures, then writes build/simulation.json, docs/simulation.svg and the tables in docs/scaling.md."""
    parser = ArgumentParser(prog="benchmarks.simulation", description="An upload's way, predicted and measured.")
    parser.add_argument("--seconds", type=float, default=9 * TICK_SECONDS, help="of each load; default 27")
    parser.add_argument("--output", type=Path, help="a folder for what is written; default build/ and docs/")
    arguments = parser.parse_args()
    with open_site(Options()) as site:
        found = uvloop.run(compare(site, arguments.seconds))
    write(found, arguments.output)


if __name__ == "__main__":
    quiet()
    try:
        main()
    except (BenchError, StackError) as error:
        sys.exit(f"simulate: {one_line(error)}")
    except KeyboardInterrupt:
        sys.exit("simulate: interrupted")
