"""`docuvault standby`."""

from __future__ import annotations

import argparse

HELP = """\
Says which of PostgreSQL's servers is the primary, how its standby follows, and whether writes wait for it.

While the standby is away, writes wait: clients are told 503 or 202, nothing is lost, and all goes on when it is back.

  docuvault standby                 # how it is
  docuvault standby --go-on         # writes wait no more: what is acknowledged from now on is on the primary alone
  docuvault standby --wait          # starts it, and writes wait again once it has everything
  docuvault standby --rebuild       # copies it anew from the primary, whatever it holds, and then as --wait

Exit 0 where it follows and writes wait for it, or what was asked for is done; 1 where it does not, or they do not; 2
where it could not be told or done.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--go-on", action="store_true", help="let writes wait for it no more")
    which.add_argument("--wait", action="store_true", help="start it, and let writes wait for it")
    which.add_argument("--rebuild", action="store_true", help="copy it anew")


def run(options: argparse.Namespace) -> int:
    """0 where all is as it should be, or was done. Raises StackError."""
    from deploy.local.settings import load_settings  # noqa: PLC0415
    from deploy.local.stack import Stack  # noqa: PLC0415
    from deploy.local.switchover import rebuild  # noqa: PLC0415
    from deploy.ops.output import say, say_json  # noqa: PLC0415

    with Stack(load_settings()).keeper() as keeper:
        if options.go_on:
            keeper.relax()
        elif options.wait:
            keeper.settle()
        elif options.rebuild:
            rebuild(keeper)
        pair, found = keeper.pair, keeper.following()
    state = found["state"] or "away"
    if options.json:
        say_json({"primary": pair.primary.name, "standby": pair.standby.name, "state": state, "waits": pair.waits})
    else:
        waits = "wait for it" if pair.waits else "do NOT wait for it"
        say(f"{pair.primary.name} is the primary; {pair.standby.name}, its standby: {state}; writes {waits}")
    return int(not options.go_on and not (pair.waits and state == "streaming"))
