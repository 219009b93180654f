"""`docuvault down`."""

from __future__ import annotations

import argparse

from deploy.local.commands import down
from deploy.local.settings import load_settings
from deploy.local.stack import stack_of
from deploy.ops.output import say_json

HELP = """\
Ends the stack and keeps its data.

  docuvault down
"""


def add_arguments(_: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Returns when nothing of the stack runs. Raises StackError."""
    if not options.json:
        return down(options)
    say_json({"was_up": stack_of(load_settings()).down()})
    return 0
