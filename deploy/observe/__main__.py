"""`make observe`: Prometheus on the local stack, with our rules, in the foreground; `--draw` makes pictures of it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from subprocess import Popen

from aiohttp import ClientSession

from deploy.local.bootstrap import cache_folder, ensure_uv
from deploy.local.console import Steps, say
from deploy.local.errors import StackError
from deploy.local.provision_prometheus import provision_prometheus
from deploy.local.settings import load_settings
from deploy.local.stack import Stack, require_running
from deploy.observe.asking import Prometheus
from deploy.observe.drawing import draw_all
from deploy.observe.prometheus import HOST, check_alive, configuration, running

DOCS = Path(__file__).parents[2] / "docs"
LOOK_SECONDS = 0.5


def main(arguments: Sequence[str]) -> int:
    """Until Ctrl-C. Raises StackError where no stack runs, or Prometheus does not."""
    options = _parser().parse_args(arguments)
    url = f"http://{HOST}:{options.port}"
    if options.draw:
        asyncio.run(_draw(url, options.minutes))
        return 0
    stack = Stack(load_settings())
    require_running(stack)
    folder = stack.layout.state / "observe"
    with running(provide(), folder, options.port, configuration(stack.info.service_urls)) as process:
        asyncio.run(_watch(process, url, folder))
    return 0


def provide() -> Path:
    """The folder of prometheus and promtool, built where nobody has had them built yet."""
    cache = cache_folder()
    with Steps() as steps:
        return provision_prometheus(cache, partial(ensure_uv, cache), steps)


async def _watch(process: Popen[bytes], url: str, folder: Path) -> None:
    """Says where it is, then each alert that begins or ends."""
    async with ClientSession() as session:
        prometheus, known = Prometheus(session, url), set[str]()
        while not await prometheus.ready():
            check_alive(process, folder)
            await asyncio.sleep(LOOK_SECONDS)
        say(f"Prometheus: {url} (its HTTP API; the module it is built from holds no pages)")
        say("Rules: deploy/observe/rules, dashboards for Grafana: deploy/observe/grafana. Ctrl-C ends it.")
        while True:
            check_alive(process, folder)
            firing = await prometheus.firing()
            for name in sorted(firing ^ known):
                say(f"{'firing  ' if name in firing else 'resolved'} {name}  docs/runbook.md#{name.lower()}")
            known = firing
            await asyncio.sleep(LOOK_SECONDS)


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
    parser.add_argument("--minutes", type=float, default=10, help="how much of the past is drawn, default 10")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (StackError, OSError) as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit(0)
