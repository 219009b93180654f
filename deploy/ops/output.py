"""What a command says: safe for the terminal that shows it, and for a reader who has seen enough."""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Mapping
from typing import IO


def printable(text: str) -> str:
    """The text with every character that a terminal acts upon, or nobody sees, written as its code."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _code(ord(char)) for char in text)


def _code(number: int) -> str:
    if number < 0x100:  # noqa: PLR2004 - what two digits say
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004 - likewise, four


def say(text: str) -> None:
    """A line of the answer; it holds no control character."""
    print(printable(text))  # noqa: T201 - what a person asked for


def say_json(found: object) -> None:
    """The whole answer, in ASCII."""
    print(json.dumps(found, indent=2, default=str))  # noqa: T201 - what a program asked for


class JsonList:
    """One JSON object whose list is written as its items come, so that it may be of any length."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun = False

    def add(self, item: Mapping[str, object]) -> None:
        """Writes one item of the list."""
        _write((",\n    " if self._begun else f'{{\n  "{self._name}": [\n    ') + json.dumps(item, default=str))
        self._begun = True

    def end(self, **more: object) -> None:
        """Writes the rest of the object."""
        head = "\n  ]" if self._begun else f'{{\n  "{self._name}": []'
        tail = "".join(f",\n  {json.dumps(name)}: {json.dumps(value, default=str)}" for name, value in more.items())
        _write(f"{head}{tail}\n}}\n")


def _write(text: str) -> None:
    sys.stdout.write(text)


def open_streams() -> None:
    """Makes both streams usable, whatever the caller handed over: closed ones, or ones that know ASCII alone."""
    for name, number in (("stdout", 1), ("stderr", 2)):
        stream: IO[str] | None = getattr(sys, name)
        if stream is None:  # closed: else the next file or socket to be opened would be written to
            _occupy(number)
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115 - for as long as the process lives
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _occupy(number: int) -> None:
    nothing = os.open(os.devnull, os.O_WRONLY)
    if nothing != number:
        os.dup2(nothing, number)
        os.close(nothing)


def reader_is_gone() -> bool:
    """Whether standard output is a pipe whose other end was closed."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):  # no file at all, as under a test
        return False
    return any(event & select.POLLERR for _, event in poll.poll(0))


def leave_streams() -> None:
    """Lets the interpreter end without a word about what it could not write any more."""
    try:
        sys.stdout.flush()
    except OSError:
        _occupy(sys.stdout.fileno())
