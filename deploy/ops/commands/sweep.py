"""`docuvault sweep`."""

from __future__ import annotations

import argparse

HELP = """\
Looks up in the store now what the janitor looks up every half hour: uploads that were never decided. What is there is
told to the ledger, what never came is given up, parts that nobody can complete are removed. Says how many were cleaned
(given up), healed (told) and asked about, and how many uploads in parts were ended.

  docuvault sweep
  docuvault sweep --wait 300 --json

Exit 0: done. 2: not done, a server is away, or another run was at work for longer than --wait.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long to wait for another run."""
    parser.add_argument("--wait", type=float, metavar="SECONDS", help="for a run of a replica; default 60")


def run(options: argparse.Namespace) -> int:
    """The janitor's own exit code. Raises StackError where the stack is down."""
    from deploy.ops.janitor import run_janitor  # noqa: PLC0415 - the help is quick

    wait = [] if options.wait is None else ["--wait", str(options.wait)]
    return run_janitor("sweep", *wait, *(["--json"] if options.json else []))
