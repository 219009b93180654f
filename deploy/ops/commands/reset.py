"""`docuvault reset`."""

from __future__ import annotations

import argparse

from deploy.local.commands import reset
from deploy.local.errors import StackError
from deploy.local.settings import load_settings
from deploy.local.stack import stack_of
from deploy.ops.output import say_json

HELP = """\
Ends the stack and removes all its data: documents, accounts, events, logs. Asks first.

  docuvault reset --yes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whether to ask."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> int:
    """Returns when there is no stack. Raises StackError where it must not be removed."""
    if not options.json:
        return reset(options)
    stack = stack_of(load_settings())
    held = stack.layout.holds_a_stack()
    if held and not options.yes:
        raise StackError("nothing was removed; --json cannot ask, --yes says so")
    stack.reset()
    say_json({"removed": held, "state": str(stack.layout.state)})
    return 0
