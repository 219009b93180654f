"""The console program: `docuvault <command>`, each command a module that is imported when it is asked for.

Exit 0: done, or all is well. 1: something is not as it should be. 2: it could not be told or done, one line on standard
error says why. 130: interrupted. Whoever reads the output may close it at any time.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn, Protocol, cast

from deploy.local.errors import StackError, one_line
from deploy.ops.interrupts import INTERRUPTED
from deploy.ops.output import leave_streams, open_streams, printable, reader_is_gone
from deploy.ops.quiet import quiet

CLOSED, UNDONE = 141, 2
"""Exit codes: a reader that left (as a program that SIGPIPE ended), and what could not be told or done."""


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is also the module in deploy/ops/commands; `alone` are those that ask for no stack that is up."""

    name: str
    summary: str
    alone: bool = False


COMMANDS = (
    Command("up", "Starts the stack, or what of it is missing", alone=True),
    Command("down", "Ends the stack; its data stays", alone=True),
    Command("status", "Says how each process is"),
    Command("switchover", "Makes PostgreSQL's standby the primary, and the primary its standby"),
    Command("standby", "Says how PostgreSQL's standby is; lets writes wait for it no more, or copies it anew"),
    Command("logs", "Shows the last log lines", alone=True),
    Command("reset", "Ends the stack and removes its data, after asking", alone=True),
    Command("token", "Prints an access token for a user, whom it makes known first"),
    Command("audit", "Proves that bucket, ledger and documents agree, to the byte"),
    Command("offsets", "Shows where consumer groups stand, and sets one to another place"),
    Command("recover", "Brings back out of Kafka what a restored PostgreSQL does not know"),
    Command("sweep", "Looks up now what was never decided, as the janitor does every half hour"),
    Command("reconcile", "Walks the bucket now, and shows what is not as it was decided"),
    Command("dlq", "Dead letters: lists, shows, replays and discards them"),
    Command("explain", "Tells why an upload is stuck and what moves it on, and does that where it is safe"),
    Command("account", "Says who else has an account of Kafka, and writes how a client comes in as one"),
    Command("rotate", "Changes keys while everything runs, and goes on where it was cut off"),
    Command("upload", "Uploads files and folders, side by side, and goes on where it was cut off", alone=True),
    Command("demo", "Shows the main job on real servers, step by step", alone=True),
)
"""All there are: whoever adds a command adds its module and its line here."""


class Module(Protocol):
    """What a module of deploy/ops/commands holds. HELP tells what the command does, with an example of its own."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Adds what it takes beyond --json, which every command has as `options.json`."""
        ...

    def run(self, options: argparse.Namespace, /) -> int:
        """The exit code. Raises StackError, or what a driver raises, where it cannot be told or done."""
        ...


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        """Ends with exit 2."""
        self.exit(UNDONE, f"{self.prog}: {printable(message)}; `{self.prog} --help` shows how\n")


def main(arguments: Sequence[str] | None = None, *, ending: Callable[[], None] = lambda: None) -> int:
    """Runs one command and returns its exit code; nothing is raised, and no trace of a stack is shown unasked.

    `ending` is called before the last words of a command that did not end well: whatever may not come between them.
    """
    open_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    traced = given[:1] == ["--traceback"]
    try:
        code = _run(given[traced:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        ending()
        code = _said("interrupted", INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - a person gets a line of whatever it is, and the trace by --traceback
        ending()
        gone = isinstance(error, BrokenPipeError) and reader_is_gone()
        code = CLOSED if gone else _trouble(error, traced=traced)
    leave_streams()
    return code


def _run(given: list[str]) -> int:
    try:
        command, rest = _chosen(given)
        module = cast("Module", import_module(f"deploy.ops.commands.{command.name}"))
        options = options_of(command, module, rest)
        with quiet():
            return module.run(options)
    except SystemExit as ended:  # of argparse, after its help or a wrong argument, or of a command with its last words
        return _said(ended.code, UNDONE) if isinstance(ended.code, str) else int(ended.code or 0)


def _chosen(given: list[str]) -> tuple[Command, list[str]]:
    parser = Parser(prog="docuvault", usage="docuvault <command> …", description=_overview(), add_help=True)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("command", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    if not given:
        parser.error(f"say what to do: {', '.join(command.name for command in COMMANDS)}")
    options = parser.parse_args(["--help"] if given == ["help"] else given)
    if options.command == "help":
        return _named(parser, options.rest[0]), ["--help"]
    return _named(parser, options.command), options.rest


def _named(parser: Parser, name: str) -> Command:
    found = {command.name: command for command in COMMANDS}
    if name not in found:
        close = difflib.get_close_matches(name, found, 1)
        parser.error(f"there is no command {name!r}" + (f", did you mean {close[0]!r}?" if close else ""))
    return found[name]


def _overview() -> str:
    lines = "\n".join(f"  {command.name:<10} {command.summary}" for command in COMMANDS)
    return (
        f"Operates a stack of docuvault. Commands:\n\n{lines}\n\n"
        "`docuvault <command> --help` tells more, with examples. STATE_DIR names another stack than the checkout's.\n"
        "Exit 0: done, or all is well. 1: something is not as it should be. 2: it could not be told or done.\n"
        "`docuvault --traceback <command> …` shows where it went wrong."
    )


def options_of(command: Command, module: Module, rest: Sequence[str]) -> argparse.Namespace:
    """The options of a command. Raises SystemExit, after a line or the help."""
    parser = Parser(
        prog=f"docuvault {command.name}",
        description=module.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        conflict_handler="resolve",
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    module.add_arguments(parser)
    return parser.parse_args(rest)


def _trouble(error: Exception, *, traced: bool) -> int:
    if traced:
        traceback.print_exception(error)
    words = one_line(error) if str(error) else type(error).__name__
    hint = "" if isinstance(error, (StackError, OSError)) or traced else " (docuvault --traceback … shows where)"
    return _said(words + hint, UNDONE)


def _said(words: object, code: int) -> int:
    text = " ".join(str(words).split()).removeprefix("docuvault: ")
    with suppress(OSError):  # nobody is there to hear it
        sys.stderr.write(f"docuvault: {printable(text)}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
