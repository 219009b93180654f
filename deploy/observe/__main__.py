"""`make observe`: Prometheus on the local stack, with our rules, in the foreground; `--draw` makes pictures of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from aiohttp import ClientSession

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps, say
from deploy.local.errors import StackError
from deploy.local.provision_collector import provision_collector
from deploy.local.provision_prometheus import provision_prometheus
from deploy.local.settings import load_settings
from deploy.local.stack import Stack, require_running
from deploy.observe.asking import Prometheus
from deploy.observe.collecting import PORT, collecting, traces_in
from deploy.observe.drawing import draw_all
from deploy.observe.processes import Running
from deploy.observe.prometheus import HOST, configuration, watching
from deploy.observe.store_metrics import store_metrics_of
from deploy.observe.traces import read, tree

DOCS = Path(__file__).parents[2] / "docs"
LOOK_SECONDS = 0.5
LAST = "last"


def main(arguments: Sequence[str]) -> int:
    """Until Ctrl-C. Raises StackError where no stack runs, or what is started does not."""
    options = _parser().parse_args(arguments)
    url = f"http://{HOST}:{options.port}"
    if options.draw:
        asyncio.run(_draw(url, options.minutes))
        return 0
    stack = Stack(load_settings())
    folder = stack.layout.state / "observe"
    if options.trace:
        return _show(folder, options.trace)
    require_running(stack)
    with ExitStack() as parts:
        enter = parts.enter_context
        config = configuration(stack.info.service_urls, store=store_metrics_of(stack.info))
        started = [enter(watching(provide(), folder, options.port, config))]
        if options.traces:
            started.append(enter(collecting(provide_collector(), folder, options.otlp_port)))
            say(
                f"Traces: `make up OTLP_ENDPOINT=http://{HOST}:{options.otlp_port}` sends them; `make trace` shows one."
            )
        asyncio.run(_watch(started, url))
    return 0


def provide() -> Path:
    """The folder of prometheus and promtool, built where nobody has had them built yet."""
    return _provided(provision_prometheus)


def provide_collector() -> Path:
    """The Collector's binary, likewise."""
    return _provided(provision_collector)


def _provided(provision: Callable[[Path, Callable[[], Path], Steps], Path]) -> Path:
    cache = cache_folder()
    with Steps() as steps:
        return provision(cache, partial(ensure_uv, cache), steps)


def _show(folder: Path, trace: str) -> int:
    """A trace by its id, or the last that began. Raises StackError where there is none."""
    spans = list(read(traces_in(folder)))
    if not spans:
        raise StackError("no traces were collected; see docs/how-to/traces.md")
    found = max(spans, key=lambda span: span.began).trace if trace == LAST else trace
    lines = tree(spans, found)
    if not lines:
        raise StackError(f"no span of the trace {trace} was collected: is it sampled?")
    sys.stdout.write("\n".join([f"trace {found}; ms since it began, ms that it took", *lines, ""]))
    return 0


async def _watch(started: Sequence[Running], url: str) -> None:
    """Says where it is, then each alert that begins or ends."""
    async with ClientSession() as session:
        prometheus, known = Prometheus(session, url), set[str]()
        while not await prometheus.ready():
            _check(started)
            await asyncio.sleep(LOOK_SECONDS)
        say(f"Prometheus: {url} (its HTTP API; the module it is built from holds no pages)")
        say("Rules: deploy/observe/rules, dashboards for Grafana: deploy/observe/grafana. Ctrl-C ends it.")
        while True:
            _check(started)
            firing = await prometheus.firing()
            for name in sorted(firing ^ known):
                say(f"{'firing  ' if name in firing else 'resolved'} {name}  docs/runbook.md#{name.lower()}")
            known = firing
            await asyncio.sleep(LOOK_SECONDS)


def _check(started: Sequence[Running]) -> None:
    for each in started:
        each.check_alive()


async def _draw(url: str, minutes: float) -> None:
    async with ClientSession() as session:
        for path in await draw_all(Prometheus(session, url), minutes * 60, DOCS):
            say(f"drawn: {path.relative_to(DOCS.parent)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make observe ARGS=...", description=__doc__)
    parser.add_argument("--port", type=int, default=9090, help="where Prometheus listens, default 9090")
    parser.add_argument(
        "--draw", action="store_true", help="draw each dashboard from a Prometheus that runs at the port"
    )
    parser.add_argument(
        "--traces", action="store_true", help="also runs an OpenTelemetry Collector, which keeps traces in a file"
    )
    parser.add_argument("--otlp-port", type=int, default=PORT, help=f"where the Collector listens, default {PORT}")
    parser.add_argument("--trace", metavar="ID", help=f"shows a trace that was collected, or the `{LAST}`")
    parser.add_argument("--minutes", type=float, default=10, help="how much of the past is drawn, default 10")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (StackError, OSError) as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit(0)
