"""`docuvault status`."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from deploy.local.commands import status
from deploy.local.settings import load_settings
from deploy.local.stack import require_running, stack_of
from deploy.ops.output import say_json

HELP = """\
Says how each process is. Exit 0: all are well. 1: one is not. 2: the stack is down.

  docuvault status
"""


def add_arguments(_: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """1 where a process is not well. Raises StackError where the stack is down."""
    if not options.json:
        return status(options)
    stack = stack_of(load_settings())
    require_running(stack)
    found = stack.health()
    ill = any(one.reason for one in found)
    say_json({"well": not ill, "processes": [asdict(one) for one in found]})
    return int(ill)
