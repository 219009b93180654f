"""`docuvault reconcile`."""

from __future__ import annotations

import argparse

HELP = """\
Walks the bucket now, as the janitor does every hour, and shows each object that is not what was decided, as it is
found. What the store holds is told to the ledger, which decides; keys that are no document's are shown, and left alone.

  docuvault reconcile --dry-run
  docuvault reconcile --ask-all --json
  docuvault reconcile --remove-foreign

Exit 0: done. 1: something differs and nothing was done about it. 2: not done, a server is away, or another walk was at
work for longer than --wait.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """As the janitor's own command line has them."""
    parser.add_argument("--dry-run", action="store_true", help="show all that differs, and act on nothing")
    parser.add_argument(
        "--remove-foreign", action="store_true", help="remove objects under keys that are no document's"
    )
    parser.add_argument(
        "--ask-all", action="store_true", help="ask the ledger about every object, also those that agree"
    )
    parser.add_argument(
        "--missing", type=int, metavar="N", help="believe that so many objects are gone, where a walk has withheld it"
    )
    parser.add_argument("--from-start", action="store_true", help="begin anew where a walk was cut off")
    parser.add_argument("--wait", type=float, metavar="SECONDS", help="for a walk of a replica; default 60")


def run(options: argparse.Namespace) -> int:
    """The janitor's own exit code. Raises StackError where the stack is down."""
    from deploy.ops.janitor import run_janitor  # noqa: PLC0415 - the help is quick

    names = ("dry_run", "remove_foreign", "ask_all", "from_start", "json")
    given = [f"--{name.replace('_', '-')}" for name in names if getattr(options, name)]
    wait = [] if options.wait is None else ["--wait", str(options.wait)]
    missing = [] if options.missing is None else ["--missing", str(options.missing)]
    return run_janitor("reconcile", *given, *missing, *wait)
