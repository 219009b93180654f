"""`docuvault explain`. What it does is imported when it is done, so that its help is quick."""

from __future__ import annotations

import argparse
import asyncio
import sys

HELP = """\
Tells the story of one upload, from all services, the store and Kafka, in the order of time: what happened, what it
waits for, since when, and the one command that moves it on. With --fix it does that, where it is safe: it says what
holds already, and waits to see it settle. Exit 0: it is settled, or goes on by itself. 1: it does not. 2: it could not
be told, or not be done.

  docuvault explain --doc 01980a3e-7c5e-7c1a-9d3e-0242ac120002
  docuvault explain --user 5f3c9b1e-2f0a-4b8e-9a53-6f0d8e9b7a11 --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is to be explained, and for how long Kafka may be read."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--doc", metavar="ID", help="a document's id")
    what.add_argument("--key", metavar="KEY", help="an object's key in the bucket")
    what.add_argument("--user", metavar="ID", help="a user's id: the account, and the documents that wait")
    parser.add_argument("--fix", action="store_true", help="do what moves it on, where that is safe")
    parser.add_argument("--seconds", type=float, default=30.0, help="longest reading of Kafka; seconds, default 30")
    parser.add_argument(
        "--wait", type=float, default=30.0, help="with --fix: wait so long to see it settle; default 30"
    )


def run(options: argparse.Namespace) -> int:
    """Prints what was found. Raises StackError where nobody knows it, or what a driver raises: PostgreSQL is away."""
    from deploy.ops.explain_command import answer  # noqa: PLC0415

    return asyncio.run(answer(options))


if __name__ == "__main__":
    from deploy.ops.cli import main

    sys.exit(main(["explain", *sys.argv[1:]]))
