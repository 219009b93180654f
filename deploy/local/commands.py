"""What each command of the stack does and says."""

from __future__ import annotations

import argparse
import logging
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.provision import provision
from deploy.local.settings import load_settings
from deploy.local.stack import Stack, require_running, stack_of

LINES = 100
"""Lines of each log that `logs` shows."""


def _stack() -> Stack:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is not up yet is no news here
    return stack_of(load_settings())


def say(text: str) -> None:
    """A line of the answer."""
    print(text, flush=True)  # noqa: T201 - what a person asked for


def provide(arguments: argparse.Namespace) -> int:
    """Fetches and builds what the stack is made of, and shows how it goes; starts nothing."""
    provision(fault_proxy=arguments.tests, browser=arguments.tests, classifier=True, secure=arguments.tests)
    return 0


def up(_: argparse.Namespace) -> int:
    """Starts the stack and says where it is."""
    stack = _stack()
    stack.up()
    if stack.settings.services:
        say(f"The API is at {stack.settings.gateway_origin}, its description at {stack.settings.gateway_origin}/docs")
    say(f"The store is at {stack.settings.store_origin}, the logs are in {stack.layout.logs}")
    return 0


def down(_: argparse.Namespace) -> int:
    """Ends the stack; its data stays."""
    stack = _stack()
    say("The stack is down; its data stays" if stack.down() else "The stack was not up")
    return 0


def status(_: argparse.Namespace) -> int:
    """One line a process; exit 1 when one is not well."""
    stack = _stack()
    require_running(stack)
    found = stack.health()
    for one in found:
        say(f"{one.name:12} {one.state:9} {one.pid or '-':>8}  {one.reason or 'well'}")
    return int(any(one.reason for one in found))


def logs(arguments: argparse.Namespace) -> int:
    """The last lines of the logs of a process, a service or all; with --follow, also what comes."""
    stack = _stack()
    shown = stack.show_logs(arguments.service, follow=arguments.follow, lines=LINES)
    if shown is not None:
        return shown
    chosen = chosen_logs(stack, arguments.service)
    tail = shutil.which("tail")
    if tail is None:
        raise StackError(f"the machine has no `tail`; read {', '.join(map(str, chosen))}")
    sys.stdout.flush()
    options = ["-n", str(LINES), *(["-F"] if arguments.follow else [])]
    return subprocess.run([tail, *options, *map(str, chosen)], check=False).returncode  # noqa: S603 - tail


def chosen_logs(stack: Stack, service: str) -> list[Path]:
    """The logs of a process or a service, of all where `service` is empty. Raises StackError where there is none."""
    found = sorted(stack.layout.logs.glob("*.log"))
    chosen = [path for path in found if not service or path.stem == service or path.stem.rpartition("-")[0] == service]
    if not chosen:
        names = ", ".join(path.stem for path in found) or "none: `make up` first"
        raise StackError(f"there is no log of {service or 'any process'}; there is {names}")
    return chosen


def reset(arguments: argparse.Namespace) -> int:
    """Ends the stack and removes all its data, after asking."""
    stack = _stack()
    if not stack.layout.holds_a_stack():
        say(f"There is no stack in {stack.layout.state}")
        return 0
    if not arguments.yes and not _agreed(f"Remove all documents, accounts and logs in {stack.layout.state}? [y/N] "):
        raise StackError("nothing was removed; `make reset YES=1` does not ask")
    stack.reset()
    say(f"{stack.layout.state} is empty")
    return 0


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        return False
