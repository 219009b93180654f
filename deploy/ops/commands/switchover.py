"""`docuvault switchover`."""

from __future__ import annotations

import argparse

HELP = """\
Makes PostgreSQL's standby the primary, and the primary its standby, while all services run: what is asked meanwhile
waits, or is answered 503 and may be repeated. The old primary is ended first, whatever state it is in, and can come
back as a standby only.

  docuvault switchover
  docuvault switchover --to postgres-2

With --to it may be repeated: it changes nothing where that is the primary. Refused, with all as it was, where the
standby may lack something that was acknowledged; --force switches all the same. Exit 2 where it is refused.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument("--to", default="", metavar="SERVER", help="postgres or postgres-2; default whichever is not")
    parser.add_argument("--force", action="store_true", help="also where something acknowledged may be lost")


def run(options: argparse.Namespace) -> int:
    """0 where it is done. Raises StackError where it is refused."""
    from deploy.local.settings import load_settings  # noqa: PLC0415
    from deploy.local.stack import Stack  # noqa: PLC0415
    from deploy.local.switchover import switch_over  # noqa: PLC0415
    from deploy.ops.output import say, say_json  # noqa: PLC0415

    with Stack(load_settings()).keeper() as keeper:
        done = switch_over(keeper, options.to, force=options.force)
        if options.json:
            say_json({"primary": keeper.pair.primary.name, "waits": keeper.pair.waits, "done": done})
        else:
            say(done)
    return 0
