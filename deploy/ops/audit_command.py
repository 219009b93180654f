"""Proves on a running stack that every byte is accounted for: `python -m deploy.ops.audit_command`, or `make audit`.

Exit 0 where every check holds, 1 where one does not, 2 where it could not be told (a server is away).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from functools import partial

from deploy.local.errors import one_line
from deploy.local.info import StackInfo
from deploy.local.settings import load_settings
from deploy.local.stack import require_running, stack_of
from deploy.ops.audit import TROUBLE, max_pending_seconds, settled
from deploy.ops.audit_text import as_json, as_text

CLEAN, DIFFERENT, UNKNOWN = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the report; the exit code says what it is."""
    logging.getLogger().addHandler(logging.NullHandler())  # else the drivers' own laments go to stderr
    return run(_parser().parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Prints the report that was asked for, or one line that says why there is none; the exit code says which."""
    try:
        stack = stack_of(load_settings())
        require_running(stack)
        most = options.max_pending or max_pending_seconds(stack.settings.service_env)
        look = _healed if options.fix else _looked
        text, clean = look(stack.info, options, most)
    except TROUBLE as error:
        sys.stderr.write(f"audit: {one_line(error)}\n")
        return UNKNOWN
    sys.stdout.write(text + "\n")
    return CLEAN if clean else DIFFERENT


def _looked(info: StackInfo, options: argparse.Namespace, max_pending: float) -> tuple[str, bool]:
    report = asyncio.run(settled(info, options.wait, max_pending_seconds=max_pending))
    return (as_json(report) if options.json else as_text(report)), report.clean


def _healed(info: StackInfo, options: argparse.Namespace, max_pending: float) -> tuple[str, bool]:
    from deploy.ops import audit_heal, audit_heal_text  # noqa: PLC0415 - only a look that heals needs all that

    wait = max(options.wait, audit_heal.SETTLE_SECONDS)
    healing = asyncio.run(
        audit_heal.heal(info, wait_seconds=wait, max_pending_seconds=max_pending, most_lost=options.missing)
    )
    text = audit_heal_text.as_json(healing) if options.json else audit_heal_text.as_text(healing)
    return text, healing.report.clean


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.ops.audit_command",
        description="Compares the bucket, the ledger and the documents of the running stack.",
        epilog="Exit 0: all holds. 1: something does not. 2: it could not be told, a server is away.",
    )
    add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What an audit can be told beyond --json."""
    add = partial(parser.add_argument, type=float, metavar="SECONDS")
    add("--wait", default=0.0, help="look again for so long until all is decided; default 0")
    add("--max-pending", help="a document pending for longer is wrong; default SWEEP_AGE_SECONDS + SWEEP_EVERY_SECONDS")
    parser.add_argument("--fix", action="store_true", help="say what holds of what differs, and look again for 30 s")
    add("--missing", type=int, metavar="N", default=100, help="with --fix: say no absence if more are; default 100")


if __name__ == "__main__":
    sys.exit(main())
