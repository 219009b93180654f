"""`docuvault up`."""

from __future__ import annotations

import argparse

from deploy.local.commands import up
from deploy.local.settings import load_settings
from deploy.local.stack import stack_of
from deploy.ops.output import say_json

HELP = """\
Starts the stack, or what of it is missing, and ends when every health check is green. Its settings are variables of the
environment: REPLICAS, GATEWAY_PORT, MINIO_PORT, STATE_DIR, …; deploy/local/README.md has them all.

  docuvault up
  REPLICAS=3 docuvault up --json
"""


def add_arguments(_: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Returns when the stack is up. Raises StackError."""
    if not options.json:
        return up(options)
    stack = stack_of(load_settings())
    stack.up()
    api = stack.settings.gateway_origin if stack.settings.services else None
    say_json({"api": api, "store": stack.settings.store_origin, "logs": str(stack.layout.logs)})
    return 0
