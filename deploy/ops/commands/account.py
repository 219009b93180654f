"""`docuvault account`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from deploy.access import OPERATORS, Access
from deploy.local.credentials import load_credentials
from deploy.local.errors import StackError
from deploy.local.kafka_reach import kafka_environment, librdkafka
from deploy.local.layout import write_private
from deploy.local.settings import load_settings
from deploy.local.stack import Stack, require_running, stack_of
from deploy.ops.output import say, say_json

HELP = """\
Says who else has an account of Kafka (KAFKA_GUESTS), and writes what a client needs to come in as one of them: where
Kafka is, whom to trust, name and password. That goes into a file that its owner alone may read, to no terminal and no
log; kcat and every client on librdkafka take it. The operators' account may do anything.

  docuvault account
  docuvault account reports --file .state/reports.properties
  docuvault account operators --file .state/operators.properties

Exit 2 where the stack is down, knows no accounts, or not this one.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which account, and the file; without both, all are told."""
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="of a guest, or operators")
    parser.add_argument("--file", type=Path, help="what is written; it is replaced where it is there")


def run(options: argparse.Namespace) -> int:
    """0 where it is told or written. Raises StackError, and OSError where it cannot be written."""
    if bool(options.name) != bool(options.file):
        raise StackError("say both, NAME and --file: a password is shown nowhere")
    stack = stack_of(load_settings())
    require_running(stack)
    if not stack.settings.secure:
        raise StackError("Kafka knows no accounts in this stack: `make down`, then `make up SECURE=1`")
    if options.name:
        write(stack, options.name, options.file)
    if options.json:
        say_json({"account": options.name, "file": options.file} if options.name else as_data(stack.settings.guests))
    else:
        _tell(stack.settings.guests, options)
    return 0


def write(stack: Stack, name: str, file: Path) -> None:
    """Writes how a client of the account reaches Kafka. Raises StackError where it is nobody else's account."""
    known = [OPERATORS, *sorted(stack.settings.guests)]
    if name not in known:
        raise StackError(f"{name} is no account of others here; there are {', '.join(known)}")
    told = librdkafka(kafka_environment(stack.settings, load_credentials(stack.layout), name))
    head = f"# Whoever reads this comes to Kafka as {name}.\n"
    write_private(file, head + "".join(f"{key}={value}\n" for key, value in told.items()))


def as_data(guests: Mapping[str, Access]) -> Mapping[str, object]:
    """What each may do; the operators are no guests."""
    return {
        name: {"writes": sorted(may.writes), "reads": sorted(may.reads), "groups": sorted(may.joins)}
        for name, may in sorted(guests.items())
    }


def _tell(guests: Mapping[str, Access], options: argparse.Namespace) -> None:
    if options.name:
        say(f"{options.file} lets its reader come to Kafka as {options.name}; only its owner may read it")
        return
    say(f"{OPERATORS}: anything")
    for name, may in sorted(guests.items()):
        rights = {"writes": may.writes, "reads": may.reads, "is in group": may.joins}
        say(f"{name}: " + "; ".join(f"{what} {', '.join(sorted(names))}" for what, names in rights.items() if names))
