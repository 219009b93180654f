"""`docuvault dlq`. What it does is imported when it is done, so that its help is quick."""

from __future__ import annotations

import argparse
import asyncio
from functools import partial

HELP = """\
Dead letters: records that a consumer could not understand or apply. Lists, shows, replays and discards them; what was
replayed or discarded is journaled, and left out afterwards.

  docuvault dlq list --group quota --since 2h
  docuvault dlq list --each --reason "KeyError" --json
  docuvault dlq show quota/0/12
  docuvault dlq replay quota/0/12 quota/0/20-29 --dry-run
  docuvault dlq replay --reason "KeyError: 'versionId'"
  docuvault dlq discard --cause invalid --group janitor --why "a load test of Tuesday"

A letter is called group/partition/offset. Exit 1 where a letter was refused or came back, 2 where it is not told yet.
"""

LIST = """\
Counts dead letters by group, cause and reason; --each says every one.

  docuvault dlq list --cause handler --all
"""
SHOW = """\
Shows one with headers and body: JSON with indents, anything else as a hex dump. Nothing acts on the terminal.

  docuvault dlq show quota/0/12 --whole
  docuvault dlq show quota/0/12 --raw > body
"""
REPLAY = """\
Puts records back to the topic and partition they came from, with their key, headers and event id; then waits until the
group has read them, and says which came back. Applying twice what was applied before changes nothing. Begins with a
few, and stops where some come back.

  docuvault dlq replay quota/0/12
  docuvault dlq replay --group quota --reason "KeyError" --why "mended in 1.4.2" --dry-run
"""
DISCARD = """\
Journals that letters need no more attention. They stay in Kafka until their retention ends: --again replays them yet.

  docuvault dlq discard quota/0/12 --why "written by hand, the upload is gone"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One parser for each action; `options.action` is its name, list unless another is said."""
    parser.set_defaults(action="list", each=False, all=False, group="", cause="", reason="", since="")
    actions = parser.add_subparsers(metavar="list|show|replay|discard")
    add = partial(_action, actions)
    _add_list(add("list", LIST))
    _add_show(add("show", SHOW))
    for name, text in (("replay", REPLAY), ("discard", DISCARD)):
        _add_choice(one := add(name, text))
        one.add_argument("letters", nargs="*", metavar="ID", help="group/partition/offset, or …/first-last")
        one.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        one.add_argument("--again", action="store_true", help="also those that were replayed or discarded before")
        one.add_argument("--why", default="", metavar="TEXT", help="is journaled; must be said to discard")
        if name == "replay":
            _add_replay(one)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name, description=text, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.set_defaults(action=name)
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
    return parser


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--group", default="", help="of this consumer group")
    parser.add_argument("--cause", default="", help="unreadable, invalid, parser, handler or unpublishable")
    parser.add_argument("--reason", default="", metavar="TEXT", help="with this in their reason, or as it is listed")
    parser.add_argument(
        "--since", default="", metavar="TIME", help="written since: 15m, 2h, 3d, or a time with its zone"
    )


def _add_list(parser: argparse.ArgumentParser) -> None:
    _add_choice(parser)
    parser.add_argument("--each", action="store_true", help="say every letter")
    parser.add_argument("--all", action="store_true", help="also what was replayed or discarded")


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("letter", metavar="ID", help="group/partition/offset")
    parser.add_argument("--whole", action="store_true", help="the whole body, however long")
    parser.add_argument("--raw", action="store_true", help="the bytes of the body and nothing else, for a file")


def _add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait", type=float, default=15.0, metavar="SECONDS", help="wait for the group; default 15, 0 does not"
    )
    parser.add_argument("--go-on", action="store_true", help="also where some come back or are not read")
    parser.add_argument(
        "--mend-headers", action="store_true", help="put back headers whose names are no text as they are shown"
    )


def run(options: argparse.Namespace) -> int:
    """Does it on the running stack. Raises StackError."""
    from deploy.local.settings import load_settings  # noqa: PLC0415 - see above
    from deploy.local.stack import require_running, stack_of  # noqa: PLC0415
    from deploy.ops.dlq import actions  # noqa: PLC0415

    stack = stack_of(load_settings())
    require_running(stack)
    done = {
        "list": actions.list_letters,
        "show": actions.show,
        "replay": actions.replay,
        "discard": actions.discard_letters,
    }
    return asyncio.run(done[options.action](stack.info.kafka, options))
