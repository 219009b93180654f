"""`python -m benchmarks [--only PART]`: measures, prints the table, writes build/bench.json and the plot."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import structlog
import uvloop
from rich.console import Console

from benchmarks import report
from benchmarks.lines import LINES
from benchmarks.marked import put_between
from benchmarks.measure import Result, measure
from benchmarks.model import BenchError, Line, chosen
from benchmarks.options import Options, parse
from benchmarks.plot import plot
from benchmarks.profiling import REPORT, observed
from benchmarks.site import Site, open_site
from deploy.local.console import say
from deploy.local.errors import StackError, one_line

DOCS = Path(__file__).parents[1] / "docs"
PLOT, PAGE = DOCS / "bench.svg", DOCS / "scaling.md"
TABLE_WIDTH = 130
MISSED = 2
"""The exit where a goal is missed, with --strict only."""


def main() -> int:
    """Measures the chosen lines. A goal that is missed is shown, and a failure only where that was asked for."""
    arguments, options = parse()
    results = run(chosen(LINES, arguments.only), options)
    show(results)
    report.write_json(arguments.output, results)
    records = [report.record(result) for result in results]
    arguments.output.with_suffix(".svg").write_text(plot(records))
    say(f"- written: {arguments.output} and its plot beside it")
    if options.in_full and not arguments.only:
        _show_all(records)
    if options.profile:
        say(f"- where the time goes: {REPORT}; being watched costs time, so these ratios are no result")
    return MISSED if arguments.strict and not all(result.met for result in results) else 0


def _show_all(records: Sequence[Mapping[str, object]]) -> None:
    """The pages show all lines, measured in full, or none."""
    PLOT.write_text(plot(records))
    PAGE.write_text(put_between(PAGE.read_text(), "bench", report.markdown(records)))
    say(f"- written: {PLOT}, {PAGE}")


def run(lines: Sequence[Line], options: Options) -> list[Result]:
    """Measures the lines one after the other on one site."""
    results, started = [], time.monotonic()
    with open_site(options) as site, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for number, line in enumerate(lines, start=1):
            say(
                f"- {number} of {len(lines)}, {time.monotonic() - started:.0f} s: {line.name}; floor: {line.floor_name}"
            )
            results.append(runner.run(_measure(line, site)))
    return results


async def _measure(line: Line, site: Site) -> Result:
    async with observed(site.stack, line.name) if site.options.profile else nullcontext():
        return await measure(line, site, site.options.rounds, say)


def show(results: Sequence[Result]) -> None:
    """The table on standard output, and below it where the time went."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else TABLE_WIDTH)
    console.print(report.table(results))
    for text in filter(None, map(report.where, results)):
        console.print(text)


def quiet() -> None:
    """Of the libraries in this process only what matters: what fails is raised anyway."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _terminated(*_: object) -> None:
    """A SIGTERM ends as a Ctrl-C does: the line at work is cancelled, and everything cleared away."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job is born without
    signal.signal(signal.SIGTERM, _terminated)
    quiet()
    try:
        sys.exit(main())
    except (BenchError, StackError) as error:
        sys.exit(f"bench: {one_line(error).removeprefix('BenchError: ')}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted")
    except Exception as error:  # noqa: BLE001 - the promise is one line, whatever broke
        sys.exit(f"bench: {one_line(error)}")
