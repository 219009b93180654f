"""`docuvault recover`. What it does is imported when it is done, so that its help is quick."""

from __future__ import annotations

import argparse
import asyncio
import sys

HELP = """\
After PostgreSQL was restored from a backup, brings back out of Kafka what the backup does not know: the ledger's
decisions and limits as they were told to clients, lost documents, deletions; and has every consumer group hear again
all that came since. Then start the services; reconciliation and `make audit FIX=1` heal what nobody had said. The whole
procedure is in docs/runbook-restore.md.

All services must be stopped, the servers up. It may be repeated; an earlier --since only takes longer.

  docuvault recover --since 2026-01-31T14:05:00Z --dry-run
  docuvault recover --since 15m

Exit 2 where it is refused, or a server is away; its one line says what was changed by then.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add = parser.add_argument
    add(
        "--since",
        required=True,
        metavar="TIME",
        help="when the backup was made or before; a time with its zone, or 15m",
    )
    add("--margin", default="10m", metavar="AGE", help="how much earlier than that to begin; default 10m")
    add("--incomplete", action="store_true", help="go on where Kafka keeps no more of the decisions before")
    add("--dry-run", action="store_true", help="say what would be done, and take it back")


def run(options: argparse.Namespace) -> int:
    """0 where it is done. Raises StackError."""
    from deploy.local.settings import load_settings  # noqa: PLC0415
    from deploy.local.stack import require_running, stack_of  # noqa: PLC0415
    from deploy.ops.output import say_json  # noqa: PLC0415
    from deploy.ops.recover import recover  # noqa: PLC0415
    from deploy.ops.recover_text import as_data, tell, wish_of  # noqa: PLC0415

    wish = wish_of(options)
    stack = stack_of(load_settings())
    require_running(stack)
    done = asyncio.run(recover(stack.info, wish))
    if options.json:
        say_json(as_data(done, wish))
    else:
        tell(done, wish)
    return 0


if __name__ == "__main__":
    from deploy.ops.cli import main

    sys.exit(main(["recover", *sys.argv[1:]]))
