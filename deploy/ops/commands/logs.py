"""`docuvault logs`."""

from __future__ import annotations

import argparse
from collections import deque
from pathlib import Path

from deploy.local.commands import LINES, chosen_logs, logs, say
from deploy.local.errors import StackError
from deploy.local.settings import SERVICES, load_settings
from deploy.local.stack import Stack, require_running, stack_of
from deploy.local.tracing_logs import lines_of
from deploy.ops.output import JsonList

HELP = """\
Shows the last 100 lines of the log of a process, of all replicas of a service, or of everything.

  docuvault logs --service quota --follow

With --trace the lines of one trace out of the logs of all services, in the order of their times; by the id of a trace,
of a request (X-Request-Id of its answer) or of a document, whose traces are followed.

  docuvault logs --trace 0af7651916cd43dd8448eb211c80319c

With --debug processes log more for ten minutes, or as before where they do already. Nothing is restarted.

  docuvault logs --service upload-1 --debug
"""
LEAST = 8
"""Shorter ids are parts of too many others."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which, and for how long."""
    parser.add_argument("--service", default="", metavar="NAME", help="a process or a service; default all")
    parser.add_argument("--follow", action="store_true", help="go on as they grow, until Ctrl-C")
    parser.add_argument("--trace", default="", metavar="ID", help="the lines of a trace, a request or a document alone")
    parser.add_argument("--debug", action="store_true", help="log more for ten minutes, or as before")


def run(options: argparse.Namespace) -> int:
    """The exit code. Raises StackError where there is no such log."""
    if (options.json or options.trace or options.debug) and options.follow:
        raise StackError("--json, --trace and --debug do what they do once; none goes with --follow")
    if options.debug:
        return _debug(stack_of(load_settings()), options.service)
    if options.trace:
        return _trace(options)
    if not options.json:
        return logs(options)
    found = JsonList("logs")
    for path in chosen_logs(stack_of(load_settings()), options.service):
        found.add({"process": path.stem, "file": str(path), "lines": _last(path)})
    found.end()
    return 0


def _last(path: Path) -> list[str]:
    with path.open(errors="backslashreplace") as lines:
        return [line.rstrip("\n") for line in deque(lines, LINES)]


def _trace(options: argparse.Namespace) -> int:
    """1 where no line names it."""
    if len(options.trace) < LEAST:
        raise StackError(f"{options.trace!r} is too short for an id")
    chosen = chosen_logs(stack_of(load_settings()), options.service)
    found = lines_of(options.trace, [older for path in chosen for older in path.parent.glob(f"{path.name}*")])
    if options.json:
        told = JsonList("lines")
        for line in found:
            told.add({"process": line.process, "time": line.time, "line": line.text})
        told.end()
    else:
        for line in found:
            say(f"{line.process:12} {line.text}")
    return 0 if found else 1


def _debug(stack: Stack, service: str) -> int:
    """Services alone: other servers take that signal for something else."""
    require_running(stack)
    names = sorted(name for name in stack.status() if name.rpartition("-")[0] in SERVICES)
    chosen = [name for name in names if service in {"", name, name.rpartition("-")[0]}]
    if not chosen:
        raise StackError(f"there is no process {service} of a service; there is {', '.join(names)}")
    for name in chosen:
        stack.supervisor.signal(name, "USR2")
    say(f"{', '.join(chosen)}: DEBUG for ten minutes, or as before; the log tells, as log.level_changed")
    return 0
