"""`python -m benchmarks [--only PART]`: measures, prints the table, writes build/bench.json and the plot."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop
from rich.console import Console

from benchmarks import report
from benchmarks.lines import LINES
from benchmarks.measure import Result, measure
from benchmarks.model import BenchError, Line, chosen
from benchmarks.options import Options, parse
from benchmarks.plot import plot
from benchmarks.site import open_site
from deploy.local.console import say
from deploy.local.errors import StackError, one_line

PLOT = Path(__file__).parents[1] / "docs" / "bench.svg"
TABLE_WIDTH = 130
MISSED = 2
"""The exit where a goal is missed, with --strict only."""


def main() -> int:
    """Measures the chosen lines. A goal that is missed is shown, and a failure only where that was asked for."""
    arguments, options = parse()
    results = run(chosen(LINES, arguments.only), options)
    show(results)
    report.write_json(arguments.output, results)
    picture = arguments.output.with_suffix(".svg") if arguments.only else PLOT  # docs/ shows all lines or none
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(plot([report.record(result) for result in results]))
    say(f"- written: {arguments.output}, {picture}")
    return MISSED if arguments.strict and not all(result.met for result in results) else 0


def run(lines: Sequence[Line], options: Options) -> list[Result]:
    """Measures the lines one after the other on one site."""
    results, started = [], time.monotonic()
    with open_site(options) as site, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for number, line in enumerate(lines, start=1):
            say(
                f"- {number} of {len(lines)}, {time.monotonic() - started:.0f} s: {line.name}; floor: {line.floor_name}"
            )
            results.append(runner.run(measure(line, site, options.rounds, say)))
    return results


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
