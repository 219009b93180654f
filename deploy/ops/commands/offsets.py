"""`docuvault offsets`. What it does is imported when it is done, so that its help is quick."""

from __future__ import annotations

import argparse
import asyncio
import sys

HELP = """\
Shows where consumer groups stand in the topics that they read, and sets a group that has no members to another place.

earliest, or a time before where the group stands: records are heard again. Safe, since every effect is idempotent: what
was decided is said again under the same ids, and nothing is charged, removed or classified twice.

latest, or a time after where the group stands: records are SKIPPED, and the group never learns what they told. Most
of it heals by itself, by reminders, sweep and reconciliation, within the sweep's age and three of its periods;
user.registered in topic users does not, and has to be said again.

  docuvault offsets
  docuvault offsets --group upload
  docuvault offsets --group quota --topic documents --to 2h --dry-run
  docuvault offsets --group janitor --to earliest

Exit 2 where the group has members, or Kafka does not answer.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    add = parser.add_argument
    add("--group", default="", help="upload, quota, janitor or classifier; all of them unless they are moved")
    add("--topic", action="append", default=[], help="only this topic; may be repeated")
    add("--to", default="", metavar="PLACE", help="earliest, latest, a time with its zone, or an age such as 2h")
    add("--dry-run", action="store_true", help="say what would be moved")


def run(options: argparse.Namespace) -> int:
    """0 where it is told or done. Raises StackError."""
    from deploy.local.settings import load_settings  # noqa: PLC0415
    from deploy.local.stack import require_running, stack_of  # noqa: PLC0415
    from deploy.ops.offsets import move, show  # noqa: PLC0415
    from deploy.ops.offsets_text import tell, tell_moved, wish_of  # noqa: PLC0415

    wish = wish_of(options)
    stack = stack_of(load_settings())
    require_running(stack)
    if wish.place is None:
        tell(asyncio.run(show(stack.info, wish)), as_json=options.json)
    else:
        tell_moved(asyncio.run(move(stack.info, wish)), wish, as_json=options.json)
    return 0


if __name__ == "__main__":
    from deploy.ops.cli import main

    sys.exit(main(["offsets", *sys.argv[1:]]))
