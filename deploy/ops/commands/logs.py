"""`docuvault logs`."""

from __future__ import annotations

import argparse
from collections import deque
from pathlib import Path

from deploy.local.commands import LINES, chosen_logs, logs
from deploy.local.errors import StackError
from deploy.local.settings import load_settings
from deploy.local.stack import Stack
from deploy.ops.output import JsonList

HELP = """\
Shows the last 100 lines of the log of a process, of all replicas of a service, or of everything.

  docuvault logs --service quota --follow
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which, and for how long."""
    parser.add_argument("--service", default="", metavar="NAME", help="a process or a service; default all")
    parser.add_argument("--follow", action="store_true", help="go on as they grow, until Ctrl-C")


def run(options: argparse.Namespace) -> int:
    """The exit code of `tail`. Raises StackError where there is no such log."""
    if not options.json:
        return logs(options)
    if options.follow:
        raise StackError("--json shows what is there; it does not --follow")
    found = JsonList("logs")
    for path in chosen_logs(Stack(load_settings()), options.service):
        found.add({"process": path.stem, "file": str(path), "lines": _last(path)})
    found.end()
    return 0


def _last(path: Path) -> list[str]:
    with path.open(errors="backslashreplace") as lines:
        return [line.rstrip("\n") for line in deque(lines, LINES)]
