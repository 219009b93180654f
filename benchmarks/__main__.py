"""`python -m benchmarks [--only PART]`: measures, prints the table, writes build/bench.json."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop
from rich.console import Console

from benchmarks import report
from benchmarks.lines import LINES
from benchmarks.measure import Result, measure
from benchmarks.model import BenchError, chosen
from benchmarks.site import open_site
from deploy.local.console import say
from deploy.local.errors import StackError, one_line

LEAST_ROUNDS = 5
JSON = Path(__file__).parents[1] / "build" / "bench.json"
TABLE_WIDTH = 120


def main() -> int:
    """Measures the chosen lines. A goal that is missed is shown, and no failure."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--only", default="", help="part of a line's name; default all lines")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="alternating runs of each line; default 5")
    parser.add_argument("--output", type=Path, default=JSON, help="the JSON file; default build/bench.json")
    arguments = parser.parse_args()
    lines = chosen(LINES, arguments.only)
    with open_site() as site, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = []
        for line in lines:
            say(f"- {line.name}, floor: {line.floor_name}")
            results.append(runner.run(measure(line, site, max(1, arguments.rounds), say)))
    show(results)
    report.write_json(arguments.output, results)
    return 0


def show(results: Sequence[Result]) -> None:
    """The table on standard output, and below it where the time went."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else TABLE_WIDTH)
    console.print(report.table(results))
    for text in filter(None, map(report.where, results)):
        console.print(text)


def _quiet() -> None:
    """Of the libraries in this process only what matters: what fails is raised anyway."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _terminated(*_: object) -> None:
    """A SIGTERM ends as a Ctrl-C does: the line at work is cancelled, and everything cleared away."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)
    _quiet()
    try:
        sys.exit(main())
    except (BenchError, StackError) as error:
        sys.exit(f"bench: {one_line(error).removeprefix('BenchError: ')}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
    except Exception as error:  # noqa: BLE001 - the promise is one line, whatever broke
        sys.exit(f"bench: {one_line(error)}")
